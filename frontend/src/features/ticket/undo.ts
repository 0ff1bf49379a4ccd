import type { QueryClient } from "@tanstack/react-query";
import type { Message } from "../../api/types";
import { offer } from "../../lib/commands";
import { text } from "../../lib/i18n";
import { toast, toastError } from "../../ui/toast";
import { refetchTicket, undoReply } from "./api";
import { readDraft, writeDraft } from "./drafts";

interface Held {
  ticket: number;
  tell: (told: string) => void;
}

const held = new Set<Held>();

/** What an answer gives back when it is taken back. */
export interface Sent {
  ticket: number;
  message: Message;
  /** Key of the draft it came from, what stood in it, and what its author had seen. */
  draft: string;
  text: string;
  seen: number;
}

/**
 * Offers to take an answer back as long as the server holds it. Its text goes
 * back to where it was written, before whatever was begun there meanwhile.
 */
export function offerUndo(cache: QueryClient, sent: Sent): void {
  const left = sent.message.held_until ? Date.parse(sent.message.held_until) - Date.now() : 0;
  if (left < 1000) return;
  const undo = async () => {
    end();
    try {
      await undoReply(sent.ticket, sent.message.id);
      const begun = readDraft(sent.draft)?.text;
      writeDraft(sent.draft, begun ? `${sent.text}\n\n${begun}` : sent.text, sent.seen);
      toast(text("undo.done"));
    } catch (error) {
      toastError(error);
    } finally {
      refetchTicket(cache, sent.ticket);
    }
  };
  const withdraw = offer("reply.undo", () => void undo());
  const told = toast(text("undo.offer", { n: Math.round(left / 1000) }), {
    stay: left,
    action: { name: text("undo.action"), command: "reply.undo", run: () => void undo() },
  });
  const mine: Held = { ticket: sent.ticket, tell: told.say };
  held.add(mine);
  const end = () => {
    withdraw();
    told.dismiss();
    held.delete(mine);
  };
  setTimeout(end, left);
}

/** The customer has written while an answer is held: it still goes out, and its author knows. */
export function tellHeld(ticket: number): void {
  for (const one of held) if (one.ticket === ticket) one.tell(text("undo.overtaken"));
}
