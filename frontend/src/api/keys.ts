import type { QueryClient } from "@tanstack/react-query";
import type { TicketQuery } from "./types";

/** Every cache key of the desk, so that nobody spells one by hand. */
export const keys = {
  me: ["me"] as const,
  sessions: ["sessions"] as const,
  people: ["people"] as const,
  accounts: ["accounts"] as const,
  teams: ["teams"] as const,
  mailboxes: ["mailboxes"] as const,
  reasons: ["reasons"] as const,
  routing: (ticketId: number, version: number) => ["routing", "ticket", ticketId, version] as const,
  teamRoutings: ["routing", "teams"] as const,
  skips: ["routing", "skips"] as const,
  skills: ["routing", "skills"] as const,
  profile: (accountId: number) => ["routing", "profile", accountId] as const,
  counts: ["counts"] as const,
  breaches: ["breaches"] as const,
  board: (filter: object) => ["breaches", "board", filter] as const,
  compliance: (filter: object) => ["compliance", filter] as const,
  intake: ["intake"] as const,
  intakeSummary: ["intake", "summary"] as const,
  intakeSources: ["intake", "sources"] as const,
  ledger: (fate: string, channel: string) => ["intake", "ledger", fate, channel] as const,
  ledgerEntry: (id: number) => ["intake", "entry", id] as const,
  ledgerSource: (id: number) => ["intake", "source", id] as const,
  outgoing: ["outgoing"] as const,
  outbox: (state: string) => ["outgoing", "outbox", state] as const,
  letters: ["outgoing", "letters"] as const,
  ways: (ticketId: number) => ["ways", ticketId] as const,
  copies: (ticketId: number) => ["outgoing", "copies", ticketId] as const,
  wishes: (customerId: number) => ["wishes", customerId] as const,
  lists: ["tickets"] as const,
  list: (query: TicketQuery) => ["tickets", query] as const,
  tickets: ["ticket"] as const,
  ticket: (ref: string) => ["ticket", ref] as const,
  help: ["help"] as const,
  recipients: (ticket: number, q: string) => ["recipients", ticket, q] as const,
  drafts: (ticket: number) => ["drafts", ticket] as const,
  timelines: ["timeline"] as const,
  timeline: (id: number) => ["timeline", id] as const,
  allClocks: ["clocks"] as const,
  messageHTML: (id: number) => ["message-html", id] as const,
  mailSuggestions: (id: number) => ["mail-suggestions", id] as const,
  clocks: (id: number) => ["clocks", id] as const,
  /** Under those of the ticket, so that they grow old together. */
  handClocks: (id: number) => ["clocks", id, "by-hand"] as const,
  /** Everything about the telephone. */
  calls: ["calls"] as const,
  openCalls: ["calls", "open"] as const,
  call: (id: number) => ["calls", "one", id] as const,
  ringing: (line: number, call: string) => ["calls", "ringing", line, call] as const,
  candidates: (said: string) => ["calls", "candidates", said] as const,
  callBacks: (mine: boolean, state: string) => ["calls", "backs", mine, state] as const,
  incidents: ["incidents"] as const,
  incidentsOf: (state: string) => ["incidents", "of", state] as const,
  incident: (id: number) => ["incidents", "one", id] as const,
  incidentOf: (ticket: number, id: number | null) => ["incidents", "ticket", ticket, id] as const,
  areas: ["areas"] as const,
  /** What the reader's teams are asked. */
  asked: ["area-requests"] as const,
  lines: ["lines"] as const,
  suggestions: (customerId: number) => ["suggestions", customerId] as const,
};

/** Marks everything old that shows tickets: what is on screen is fetched now, the rest when it is looked at. */
export function refetchTickets(cache: QueryClient): void {
  for (const key of [keys.lists, keys.counts, keys.breaches, keys.tickets, keys.timelines, keys.allClocks]) {
    void cache.invalidateQueries({ queryKey: key });
  }
}
