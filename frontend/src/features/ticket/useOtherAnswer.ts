import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { newKey } from "../../api/client";
import { useMe } from "../../api/session";
import type { TicketRow } from "../../api/types";
import { text } from "../../lib/i18n";
import { toast } from "../../ui/toast";
import { refetchTicket } from "./api";
import { clearSent, draftKey, useDrafts, writeDraft } from "./drafts";

interface Sending {
  body: string;
  resolve: boolean;
  seen_version: number;
  key: string;
}

/**
 * An answer by another way than the ticket's own. It is the same draft as the
 * reply's: whoever changes the way, or closes the dialog, loses no word.
 */
export function useOtherAnswer(
  row: TicketRow,
  send: (answer: Sending) => Promise<void>,
  told: "letter.sent" | "sms.sent",
  onDone: () => void,
) {
  const me = useMe();
  const cache = useQueryClient();
  const key = draftKey(me.id, row.id, "reply");
  const draft = useDrafts((s) => s.drafts[key]);
  const body = draft?.text ?? "";
  const [resolve, setResolve] = useState(false);
  // What came while the dialog was open has not been seen: the first try says so.
  const seen = useRef(draft?.seen ?? row.public_version);
  const attempt = useRef({ of: "", key: "" });
  const sending = useMutation({
    mutationFn: async (more: string) => {
      const of = JSON.stringify([body, resolve, seen.current, more]);
      if (attempt.current.of !== of) attempt.current = { of, key: newKey() };
      await send({ body: body.trim(), resolve, seen_version: seen.current, key: attempt.current.key });
    },
    onSuccess: () => {
      clearSent(key, body);
      toast(text(told));
      onDone();
    },
    onError: () => {
      seen.current = row.public_version;
    },
    onSettled: () => refetchTicket(cache, row.id),
  });
  return {
    body,
    write: (next: string) => writeDraft(key, next, draft?.seen ?? row.public_version),
    resolve,
    setResolve,
    sending: sending.isPending,
    failure: sending.error?.message,
    /** more is what else the answer depends on: with it, another try is another answer. */
    send: (more: string) => {
      if (!sending.isPending && body.trim() !== "") sending.mutate(more);
    },
  };
}
