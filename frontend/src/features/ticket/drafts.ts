import { create } from "zustand";
import { persist } from "zustand/middleware";

export type DraftKind = "reply" | "note";

export interface Draft {
  text: string;
  /** public_version of the ticket when writing began; what came after it has not been seen. */
  seen: number;
  at: number;
}

const kept = 200;

interface Drafts {
  drafts: Record<string, Draft>;
}

// In the browser's own store: a session that ends, a crash and a lost network
// leave the text where it was. Keyed by account, as desks share computers.
export const useDrafts = create<Drafts>()(
  persist((): Drafts => ({ drafts: {} }), { name: "escuta.drafts", version: 1 }),
);

/** Reply and note are two drafts under two keys: text can't cross from one to the other. */
export const draftKey = (accountId: number, ticketId: number, kind: DraftKind) =>
  `${accountId}/${ticketId}/${kind}`;

export const readDraft = (key: string): Draft | undefined => useDrafts.getState().drafts[key];

/** Writes a draft; an empty one is removed. The oldest go when there are very many. */
export function writeDraft(key: string, text: string, seen: number): void {
  const { [key]: _, ...others } = useDrafts.getState().drafts;
  if (text === "") {
    useDrafts.setState({ drafts: others });
    return;
  }
  const entries = Object.entries(others).sort((a, b) => b[1].at - a[1].at);
  const drafts = Object.fromEntries(entries.slice(0, kept - 1));
  useDrafts.setState({ drafts: { ...drafts, [key]: { text, seen, at: Date.now() } } });
}

/** Removes what was sent, unless its author went on writing meanwhile. */
export function clearSent(key: string, sent: string): void {
  const draft = readDraft(key);
  if (draft?.text === sent) writeDraft(key, "", draft.seen);
}
