import type { Colleague, Mine, Other } from "./here";
import type { Position } from "./position";
import type { TicketRow } from "./types";

/** One thing the live stream says. Frames arrive as arrays of these. */
export type Frame =
  | { kind: "hello"; id: Position }
  | { kind: "pong" }
  | { kind: "resync"; id?: Position }
  | { kind: "many"; count: number; id?: Position }
  | { kind: "counts"; counts: Record<string, number>; saved?: Record<string, number>; id: Position }
  | { kind: "phone"; line: number; call: string }
  | { kind: "incident"; incident_id: number }
  | { kind: "areas" }
  | { kind: "asked" }
  | { kind: "presence"; ticket_id: number; people: Other[] }
  | { kind: "people"; people: Colleague[]; more: number }
  | ({ kind: "state" } & Mine)
  | { kind: "gone"; ticket_id: number; id?: Position }
  | TicketFrame;

export interface TicketFrame {
  id: Position;
  kind: TicketEventKind;
  ticket_id: number;
  version: number;
  row: TicketRow;
  data?: Record<string, unknown> | null;
}

export const ticketEventKinds = [
  "ticket.opened",
  "ticket.message_in",
  "ticket.automatic",
  "ticket.replied",
  "ticket.noted",
  "ticket.read",
  "ticket.claimed",
  "ticket.released",
  "ticket.lease_expired",
  "ticket.changed",
  "ticket.status",
  "ticket.reopened",
  "case.changed",
  "ticket.call",
  "ticket.call_back",
  "ticket.merged",
  "ticket.duty",
  "ticket.clock",
  "ticket.promise",
  "ticket.planned",
  "ticket.area",
  "ticket.incident",
  "ticket.transferred",
  "ticket.skipped",
  "ticket.help",
  "clock.warned",
  "clock.breached",
  "clock.escalated",
  "ticket.escalated",
] as const;

export type TicketEventKind = (typeof ticketEventKinds)[number];

/** A frame about a ticket, also of a kind this build does not know yet: its row still counts. */
export const isTicketFrame = (frame: Frame): frame is TicketFrame =>
  "row" in frame && frame.row !== undefined;
