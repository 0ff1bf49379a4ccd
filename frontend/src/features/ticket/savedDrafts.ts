import { queryOptions, useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { api, isCode, unwrap } from "../../api/client";
import { useCompany } from "../../api/here";
import { keys } from "../../api/keys";
import type { SavedDraft } from "../../api/types";
import { type DraftKind, draftKey, keepDraft, readDraft, useDrafts } from "./drafts";

/** How long after the last key a text is sent to the server, and after a failure again, in ms. */
const pause = 800;
const again = 5000;

let timer: ReturnType<typeof setTimeout> | undefined;
let working = false;

/** Sends what is not saved yet, soon. One at a time: a text overtakes itself otherwise. */
function saveSoon(account: number, wait = pause): void {
  clearTimeout(timer);
  timer = setTimeout(() => void saveAll(account), wait);
}

/** Sends every text of an account that the server has not said it has. */
export async function saveAll(account: number): Promise<void> {
  if (working) return;
  working = true;
  let failed = false;
  try {
    for (const [key, draft] of Object.entries(useDrafts.getState().drafts)) {
      if (draft.unsaved && key.startsWith(`${account}/`) && !disputed.has(key)) {
        failed = !(await save(key)) || failed;
      }
    }
  } finally {
    working = false;
  }
  const waits = Object.entries(useDrafts.getState().drafts).some(
    ([key, d]) => d.unsaved && key.startsWith(`${account}/`) && !disputed.has(key),
  );
  if (waits) saveSoon(account, failed ? again : pause);
}

/** What was sent last under a key: a text of our own is no rival's, also when the answer to it was lost. */
const told = new Map<string, string>();

/** What the server has instead of ours, where somebody has to choose. */
const disputed = new Map<string, SavedDraft>();

export const disputeOf = (key: string) => disputed.get(key);

async function save(key: string): Promise<boolean> {
  const draft = readDraft(key);
  const [, ticket, kind] = key.split("/");
  if (!draft || !ticket) return true;
  const before = told.get(key);
  told.set(key, draft.text);
  try {
    const saved = await unwrap(
      api.PUT("/api/tickets/{ticket}/drafts/{kind}", {
        params: { path: { ticket, kind: kind as DraftKind } },
        body: { body: draft.text, seen: draft.seen, revision: draft.revision },
      }),
    );
    const now = readDraft(key);
    if (!now) return true; // sent meanwhile: the server has removed it then
    if (now.text === draft.text)
      keepDraft(key, now.text === "" ? undefined : { ...now, revision: saved.revision, unsaved: false });
    else keepDraft(key, { ...now, revision: saved.revision });
    return true;
  } catch (error) {
    if (isCode(error, "draft_newer") && error.problem.draft) {
      const there = error.problem.draft;
      const now = readDraft(key);
      if (there.body !== before) dispute(key, there);
      else if (now) keepDraft(key, { ...now, revision: there.revision });
      return true;
    }
    // A ticket that is out of sight now keeps its text here; nobody is disturbed.
    return false;
  }
}

function dispute(key: string, theirs: SavedDraft): void {
  disputed.set(key, theirs);
  useDrafts.setState((s) => ({ drafts: { ...s.drafts } })); // whoever shows the draft looks again
}

/** Ends a dispute: the text that is kept takes the other's place, here and on the server. */
export function settle(account: number, key: string, keep: "mine" | "theirs"): void {
  const theirs = disputed.get(key);
  disputed.delete(key);
  const mine = readDraft(key);
  if (!theirs || !mine) return;
  if (keep === "theirs")
    keepDraft(key, { text: theirs.body, seen: theirs.seen, revision: theirs.revision, unsaved: false });
  else keepDraft(key, { ...mine, revision: theirs.revision, unsaved: true });
  saveSoon(account, 0);
}

/**
 * Compares what the server had of ours when it was asked with what this browser
 * has. What was written or saved here since is newer than the answer.
 */
export function reconcile(account: number, ticket: number, saved: SavedDraft[], asked: number): void {
  for (const kind of ["reply", "note"] as const) {
    const key = draftKey(account, ticket, kind);
    const here = readDraft(key);
    if (here && here.at >= asked) continue;
    const there = saved.find((d) => d.account_id === account && d.kind === kind);
    if (!there) {
      // Nothing of it was written here since: it was sent or emptied on another machine.
      if (here && !here.unsaved) keepDraft(key, undefined);
      else if (here && here.revision !== 0) keepDraft(key, { ...here, revision: 0 });
    } else if (!here || (!here.unsaved && here.revision !== there.revision)) {
      keepDraft(key, { text: there.body, seen: there.seen, revision: there.revision, unsaved: false });
    } else if (here.text === there.body) {
      keepDraft(key, { ...here, revision: there.revision, unsaved: false });
    } else if (here.revision !== there.revision) {
      dispute(key, there);
    }
  }
}

const draftsQuery = (account: number, ticket: number) =>
  queryOptions({
    queryKey: keys.drafts(ticket),
    queryFn: async ({ signal }) => {
      const asked = Date.now();
      const params = { path: { ticket: String(ticket) } };
      const found = await unwrap(api.GET("/api/tickets/{ticket}/drafts", { params, signal }));
      reconcile(account, ticket, found.items, asked);
      return found;
    },
  });

/**
 * Keeps the drafts of one account in step with the server, and tells what else is
 * being written on a ticket: by others, and by ourselves elsewhere when the two
 * texts differ.
 */
export function useSavedDrafts(account: number, ticket: number, kind: DraftKind) {
  const found = useQuery(draftsQuery(account, ticket));
  const items = found.data?.items ?? [];
  // Whoever begins or stops to write has a text that is not the one we know.
  const writing = useCompany((s) => (s.of[ticket] ?? []).map((o) => `${o.account_id} ${o.doing}`).join());
  const { refetch } = found;
  const known = useRef(writing);
  useEffect(() => {
    if (known.current === writing) return;
    known.current = writing;
    const later = setTimeout(() => void refetch(), 2 * pause);
    return () => clearTimeout(later);
  }, [writing, refetch]);
  useEffect(() => {
    saveSoon(account, 0);
    const changed = useDrafts.subscribe(() => saveSoon(account));
    const online = () => saveSoon(account, 0);
    window.addEventListener("online", online);
    return () => {
      changed();
      window.removeEventListener("online", online);
    };
  }, [account]);
  return {
    others: items.filter((d) => d.account_id !== account),
    disputed: useDrafts(() => disputeOf(draftKey(account, ticket, kind))),
  };
}
