import { create } from "zustand";
import { persist } from "zustand/middleware";
import { newKey } from "../../api/client";

/** One note at the desk, from the key press on: the server may hear of it a moment later. */
export interface Sheet {
  /** Makes opening it twice harmless. */
  key: string;
  /** Desks share computers. */
  account: number;
  /** The call's, once it is open. */
  contact?: number;
  startedAt: number;
  line?: string;
  caller?: string;
  /** Protocol of the ticket that we call about. */
  about?: string;
  note: string;
  /** The note has words that the server has not; else the server's are the newer ones. */
  edited?: boolean;
  said: string;
}

interface Sheets {
  sheets: Sheet[];
  shown: string | undefined;
  /** The dock is loaded: somebody has asked, or the desk has had time for it. */
  wanted: boolean;
  /** What the exchange has told of this desk's telephone, the newest last. */
  ringing: { line: number; call: string }[];
}

// In the browser's own store, as the composer's drafts are: a session that ends,
// a crash and a lost network leave the text where it was.
export const useSheets = create<Sheets>()(
  persist((): Sheets => ({ sheets: [], shown: undefined, wanted: false, ringing: [] }), {
    name: "escuta.calls",
    version: 1,
    partialize: ({ sheets }) => ({ sheets }),
  }),
);

type Opening = Partial<Pick<Sheet, "line" | "caller" | "about" | "note">>;

/** Opens a note at once, over whatever is there. */
export function newSheet(account: number, opening: Opening = {}): void {
  const sheet: Sheet = { key: newKey(), account, startedAt: Date.now(), note: "", said: "", ...opening };
  useSheets.setState((s) => ({ sheets: [...s.sheets, sheet], shown: sheet.key, wanted: true }));
}

/** Shows the note of a call that there is already. */
export function showCall(account: number, contact: number): void {
  const found = useSheets.getState().sheets.find((s) => s.contact === contact && s.account === account);
  if (found) {
    show(found.key);
    return;
  }
  const sheet: Sheet = {
    key: `call/${contact}`,
    account,
    contact,
    startedAt: Date.now(),
    note: "",
    said: "",
  };
  useSheets.setState((s) => ({ sheets: [...s.sheets, sheet], shown: sheet.key }));
}

export function show(key: string | undefined): void {
  useSheets.setState({ shown: key });
}

export function writeSheet(key: string, change: Partial<Sheet>): void {
  useSheets.setState((s) => ({ sheets: s.sheets.map((x) => (x.key === key ? { ...x, ...change } : x)) }));
}

export function dropSheet(key: string): void {
  useSheets.setState((s) => ({
    sheets: s.sheets.filter((x) => x.key !== key),
    shown: s.shown === key ? undefined : s.shown,
  }));
}

const mostRinging = 4;

/** The exchange has told something of a call at this desk's telephone. */
export function tellPhone(line: number, call: string): void {
  useSheets.setState((s) => ({
    wanted: true,
    ringing: [...s.ringing.filter((r) => r.line !== line || r.call !== call), { line, call }].slice(
      -mostRinging,
    ),
  }));
}

export function hangUp(line: number, call: string): void {
  useSheets.setState((s) => ({ ringing: s.ringing.filter((r) => r.line !== line || r.call !== call) }));
}
