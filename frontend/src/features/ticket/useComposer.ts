import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { isCode, newKey } from "../../api/client";
import { typing } from "../../api/here";
import { may, useMe } from "../../api/session";
import type { Message, TicketRow } from "../../api/types";
import { addNote, claim, owed, refetchTicket, reply } from "./api";
import { type Attachment, clearAttached, expire, useAttachments } from "./attachments";
import { clearSent, type DraftKind, draftKey, readDraft, useDrafts, writeDraft } from "./drafts";
import { keepLease, leaseOf } from "./lease";
import { promisesFile } from "./promised";
import type { Meant, OpenPromise, Pledge } from "./promises/api";
import { offerUndo } from "./undo";
import { useRenewal } from "./useRenewal";
import { useTaken } from "./useTaken";

/** Time a strip must have been on screen before Send counts as having reviewed it. */
const reviewTime = 700;

const noFiles: Attachment[] = [];

export interface Interruption {
  kind: "lease_lost" | "claimed_by_other";
  name?: string;
}

/**
 * One draft of one ticket and what may happen to it: somebody answers meanwhile,
 * the lease ends, the server is away. None of them touches the text.
 */
export function useComposer(row: TicketRow, kind: DraftKind) {
  const me = useMe();
  const cache = useQueryClient();
  const key = draftKey(me.id, row.id, kind);
  const draft = useDrafts((s) => s.drafts[key]);
  const text = draft?.text ?? "";
  const files = useAttachments((s) => s.files[key]) ?? noFiles;
  const [asked, setAsked] = useState<{ resolve: boolean; at: number }>();
  /** Set while we ask whether to resolve although areas owe answers. */
  const [owing, setOwing] = useState(false);
  const [typedAt, setTypedAt] = useState(0);
  const [interruption, setInterruption] = useState<Interruption>();
  const [refused, setRefused] = useState<Message[]>([]);
  const attempt = useRef({ of: "", key: "" });
  /** What the author has confirmed that a text promises. Of any other text the server finds it. */
  const pledged = useRef<{ text: string; pledges: Pledge[] }>({ text: "", pledges: [] });
  /** What the author has said of promises that were found; it goes with whatever the text becomes. */
  const meant = useRef<Meant[]>([]);
  /** What a reply that resolves would leave open, as the server found it. */
  const [promised, setPromised] = useState<OpenPromise[]>([]);
  const claiming = useRef(false);

  const seen = draft?.seen ?? row.public_version;
  const overtaken = kind === "reply" && text !== "" && (row.public_version > seen || refused.length > 0);
  const overtakenAt = useMemo(() => (overtaken ? Date.now() : 0), [overtaken]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another draft starts without the troubles of the last
  useEffect(() => {
    setInterruption(undefined);
    setRefused([]);
    setTypedAt(0);
    setAsked(undefined);
    setOwing(false);
    setPromised([]);
    meant.current = [];
  }, [key]);

  const lost = useMemo(() => () => setInterruption({ kind: "lease_lost" }), []);
  useRenewal(row.id, kind === "reply" ? typedAt : 0, lost);

  const taken = useTaken(row);
  // What somebody else holds is read: a text that is there stays, and waits until it is free.
  const heldByOther = row.holder_id !== null && row.holder_id !== me.id;
  const reading =
    kind === "reply" && heldByOther && (taken !== undefined || interruption?.kind === "claimed_by_other");
  const free = (row.assignee_id ?? me.id) === me.id && (row.holder_id ?? me.id) === me.id;
  const takeUp = async () => {
    if (claiming.current || leaseOf(row.id) || !may(me, "tickets.work")) return;
    claiming.current = true;
    try {
      await claim(row.id);
      setInterruption(undefined);
    } catch (error) {
      if (isCode(error, "already_claimed")) {
        setInterruption({ kind: "claimed_by_other", name: error.problem.holder?.name });
      }
      // Any other failure is no reason to disturb someone who is writing: sending will tell.
    } finally {
      claiming.current = false;
    }
  };

  const write = (next: string) => {
    setAsked(undefined);
    setPromised([]);
    // The first keystroke takes the lease, unless the ticket is somebody else's.
    if (kind === "reply" && text === "" && next !== "" && free) void takeUp();
    typing();
    if (Date.now() - typedAt > 5000) setTypedAt(Date.now());
    writeDraft(key, next, text === "" ? row.public_version : seen);
  };

  const sending = useMutation({
    mutationFn: async ({ resolve, sure }: { resolve: boolean; sure: boolean }) => {
      const body = text.trim();
      const reviewed = overtaken ? Math.max(row.public_version, ...refused.map((m) => m.version)) : seen;
      const uploads = files.flatMap((f) => f.upload ?? []);
      const commitments = pledged.current.text === text ? pledged.current.pledges : undefined;
      const said = { commitments, meant: meant.current };
      const of = JSON.stringify([key, body, reviewed, resolve, sure, uploads, said]);
      if (attempt.current.of !== of) attempt.current = { of, key: newKey() };
      const fence = leaseOf(row.id)?.fence;
      const sent =
        kind === "note"
          ? { ticket: await addNote(row.id, body, said, attempt.current.key), message: undefined }
          : await reply(row.id, {
              body,
              seen_version: reviewed,
              fence,
              resolve,
              files: uploads,
              leave_promises: sure && promised.length > 0,
              ...said,
              key: attempt.current.key,
            });
      return { sent, text, uploads };
    },
    onSuccess: ({ sent, text: sentText, uploads }) => {
      clearSent(key, sentText);
      clearAttached(key, uploads);
      setAsked(undefined);
      meant.current = [];
      const rest = readDraft(key);
      if (rest) writeDraft(key, rest.text, sent.ticket.public_version);
      if (sent.message) {
        const { message } = sent;
        offerUndo(cache, { ticket: row.id, message, draft: key, text: sentText, seen: row.public_version });
      }
      attempt.current = { of: "", key: "" };
      setRefused([]);
      setInterruption(undefined);
    },
    onError: (error) => {
      if (isCode(error, "stale") || isCode(error, "stale_reply")) setRefused(error.problem.messages ?? []);
      if (isCode(error, "upload_unknown")) expire(key);
      if (isCode(error, "promises_open")) {
        setPromised(error.problem.promises ?? []);
        setOwing(true);
      }
      if (isCode(error, "lease_lost")) {
        keepLease(row.id, undefined);
        lost();
      }
      if (isCode(error, "already_claimed")) {
        setInterruption({ kind: "claimed_by_other", name: error.problem.holder?.name });
      }
    },
    onSettled: () => refetchTicket(cache, row.id),
  });

  const explained = [
    "stale",
    "stale_reply",
    "lease_lost",
    "already_claimed",
    "upload_unknown",
    "promises_open",
  ].some((code) => isCode(sending.error, code));
  const refusedFiles = files.filter((f) => f.problem).length;
  const waitingFiles = files.filter((f) => !f.problem && !f.upload).length;
  const forgotten = kind === "reply" && files.length === 0 && promisesFile(text);
  return {
    me: me.id,
    /** The server has the text as it stands here. */
    saved: draft?.unsaved === false,
    key,
    text,
    files,
    refusedFiles,
    waitingFiles,
    /** Set while we ask whether a reply that speaks of a file is meant to go without one. */
    asked: forgotten ? asked : undefined,
    write,
    pledge: (of: string, pledges: Pledge[]) => {
      pledged.current = { text: of, pledges };
    },
    mean: (said: Meant[]) => {
      meant.current = said;
    },
    promised,
    seen,
    overtaken,
    refused,
    interruption,
    taken,
    reading,
    takeUp,
    sending: sending.isPending,
    failure: sending.error && !explained ? sending.error : null,
    owing,
    leaveOwing: () => setOwing(false),
    send: (resolve: boolean, sure = false) => {
      if (text.trim() === "" || sending.isPending || refusedFiles + waitingFiles > 0) return;
      if (overtaken && Date.now() - overtakenAt < reviewTime) return;
      if (forgotten && !(asked && Date.now() - asked.at >= reviewTime)) {
        setAsked(asked ?? { resolve, at: Date.now() });
        return;
      }
      if (resolve && !sure && owed(cache, row)) {
        setOwing(true);
        return;
      }
      sending.mutate({ resolve, sure });
    },
  };
}
