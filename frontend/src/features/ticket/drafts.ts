import { create } from "zustand";
import { persist } from "zustand/middleware";

export type DraftKind = "reply" | "note";

export interface Draft {
  text: string;
  /** public_version of the ticket when writing began; what came after it has not been seen. */
  seen: number;
  at: number;
  /** The server's word for the text that it has; 0 while it has none. */
  revision: number;
  /** There is something here that the server has not said it has. */
  unsaved: boolean;
}

const kept = 200;

interface Drafts {
  drafts: Record<string, Draft>;
}

// In the browser's own store as well as on the server: a session that ends, a crash
// and a lost network leave the text where it was. Keyed by account, as desks share
// computers.
export const useDrafts = create<Drafts>()(
  persist((): Drafts => ({ drafts: {} }), { name: "escuta.drafts", version: 2, migrate: asUnsaved }),
);

/** What was kept before the server kept drafts is not there yet. */
function asUnsaved(stored: unknown): Drafts {
  const { drafts = {} } = (stored ?? {}) as Partial<Drafts>;
  const all = Object.entries(drafts).map(([key, draft]) => [key, { ...draft, revision: 0, unsaved: true }]);
  return { drafts: Object.fromEntries(all) };
}

/** Reply and note are two drafts under two keys: text can't cross from one to the other. */
export const draftKey = (accountId: number, ticketId: number, kind: DraftKind) =>
  `${accountId}/${ticketId}/${kind}`;

export const readDraft = (key: string): Draft | undefined => useDrafts.getState().drafts[key];

/** Takes a draft over as it is; none is removed. The oldest go when there are very many. */
export function keepDraft(key: string, draft: Omit<Draft, "at"> | undefined): void {
  const { [key]: _, ...others } = useDrafts.getState().drafts;
  if (!draft) {
    useDrafts.setState({ drafts: others });
    return;
  }
  const entries = Object.entries(others).sort((a, b) => b[1].at - a[1].at);
  const drafts = Object.fromEntries(entries.slice(0, kept - 1));
  useDrafts.setState({ drafts: { ...drafts, [key]: { ...draft, at: Date.now() } } });
}

/** Writes a draft. An empty one that the server has stays until the server has removed it, too. */
export function writeDraft(key: string, text: string, seen: number): void {
  const revision = readDraft(key)?.revision ?? 0;
  keepDraft(key, text === "" && revision === 0 ? undefined : { text, seen, revision, unsaved: true });
}

/** Removes what was sent, here as on the server, unless its author went on writing meanwhile. */
export function clearSent(key: string, sent: string): void {
  const draft = readDraft(key);
  if (!draft) return;
  if (draft.text === sent) keepDraft(key, undefined);
  else keepDraft(key, { ...draft, revision: 0, unsaved: true });
}
