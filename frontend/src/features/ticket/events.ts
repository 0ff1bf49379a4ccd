import type { QueryClient } from "@tanstack/react-query";
import { type Frame, isTicketFrame } from "../../api/frames";
import { withTexts } from "../../lib/i18n";
import { refetchTicket } from "./api";
import { keepLease } from "./lease";
import { tellHeld } from "./undo";

/**
 * What the stream does to an open ticket: its row is already known, its
 * timeline is fetched when something new stands in it. Tickets nobody looks at
 * are only marked old.
 */
export function tellTicket(cache: QueryClient, frame: Frame): void {
  if (frame.kind === "ticket.lease_expired") keepLease(frame.ticket_id, undefined);
  if (frame.kind === "ticket.claimed" || frame.kind === "ticket.transferred")
    void withTexts(() => import("./told")).then(({ tellHands }) => tellHands(cache, frame));
  if (frame.kind === "ticket.noted" && frame.data?.mentions)
    void withTexts(() => import("./told")).then(({ tellMention }) => tellMention(cache, frame));
  if (frame.kind === "clock.escalated" || frame.kind === "ticket.escalated")
    void withTexts(() => import("./told")).then(({ tellEscalated }) => tellEscalated(cache, frame));
  if (frame.kind === "ticket.message_in") tellHeld(frame.ticket_id);
  if (frame.kind === "gone" || isTicketFrame(frame)) refetchTicket(cache, frame.ticket_id);
}
