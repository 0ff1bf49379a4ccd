import { type QueryClient, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, isCode, newKey, once, unwrap } from "../../api/client";
import { keys } from "../../api/keys";
import { tellRow, tellRows } from "../../api/rows";
import type { Message, TicketChange, TicketRow } from "../../api/types";
import { text } from "../../lib/i18n";
import { toast, toastError } from "../../ui/toast";
import { keepLease } from "./lease";
import type { Meant, Pledge } from "./promises/api";

/** A ticket by its number or its protocol. */
export const ticketQuery = (ref: string) =>
  queryOptions({
    queryKey: keys.ticket(ref),
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/tickets/{ticket}", { params: { path: { ticket: ref } }, signal })),
    staleTime: 10_000,
  });

/** Whether an area still owes an answer, which resolving the ticket would take back. */
export const owed = (cache: QueryClient, row: TicketRow): boolean =>
  row.turn_area !== "" || Boolean(cache.getQueryData(ticketQuery(row.protocol).queryKey)?.requests_open);

export const timelineQuery = (id: number) =>
  queryOptions({
    queryKey: keys.timeline(id),
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/tickets/{ticket}/timeline", { params: { path: ref(id) }, signal })),
    staleTime: 10_000,
  });

const ref = (id: number) => ({ ticket: String(id) });

export interface TakeOver {
  reason: string;
}

export async function claim(id: number, over?: TakeOver): Promise<TicketRow> {
  const body = over ? { take_over: true, reason: over.reason } : {};
  const { ticket, lease } = await unwrap(
    api.POST("/api/tickets/{ticket}/claim", { params: { path: ref(id) }, body, headers: once(newKey()) }),
  );
  keepLease(id, lease);
  tellRow(ticket);
  return ticket;
}

/** Gives a ticket back. It may be out of our sight then. */
export async function release(id: number): Promise<void> {
  const { ticket } = await unwrap(api.POST("/api/tickets/{ticket}/release", { params: { path: ref(id) } }));
  keepLease(id, undefined);
  tellChanged(id, ticket);
}

/** The row as an act of ours left it; null when the act took it out of our sight. */
const tellChanged = (id: number, row: TicketRow | null) => tellRows([row ? { row } : { gone: id }]);

export async function renew(id: number, fence: number): Promise<void> {
  const { lease } = await unwrap(
    api.POST("/api/tickets/{ticket}/lease", { params: { path: ref(id) }, body: { fence } }),
  );
  keepLease(id, lease);
}

export interface ReplyDraft {
  body: string;
  /** The version of the last public message its author has seen. */
  seen_version: number;
  fence?: number;
  resolve: boolean;
  /** Ids of what was uploaded for it. */
  files: string[];
  /** What it promises, as its author confirmed it; absent leaves it to the text. */
  commitments: Pledge[] | undefined;
  /** What they said of what was found while they wrote. */
  meant: Meant[];
  /** Resolves although the answer itself promises something. */
  leave_promises: boolean;
  /** Repeating the same draft after a lost answer must not send it twice. */
  key: string;
}

export async function reply(
  id: number,
  { key, ...body }: ReplyDraft,
): Promise<{ ticket: TicketRow; message: Message }> {
  const sent = await unwrap(
    api.POST("/api/tickets/{ticket}/replies", { params: { path: ref(id) }, body, headers: once(key) }),
  );
  tellRow(sent.ticket);
  return sent;
}

/** Takes an answer back that the server still holds. */
export async function undoReply(id: number, message: number): Promise<void> {
  const { ticket } = await unwrap(
    api.POST("/api/tickets/{ticket}/replies/{message}/undo", {
      params: { path: { ...ref(id), message: String(message) } },
    }),
  );
  tellRow(ticket);
}

export async function addNote(
  id: number,
  body: string,
  said: Pick<ReplyDraft, "commitments" | "meant">,
  key: string,
): Promise<TicketRow> {
  const { ticket } = await unwrap(
    api.POST("/api/tickets/{ticket}/notes", {
      params: { path: ref(id) },
      body: { body, ...said },
      headers: once(key),
    }),
  );
  tellRow(ticket);
  return ticket;
}

/** Changes fields of a ticket. When it changed under us the fresh one is shown and nothing was overwritten. */
export function useChange(row: TicketRow) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: async (change: TicketChange) => {
      const { ticket } = await unwrap(
        api.PATCH("/api/tickets/{ticket}", {
          params: { path: ref(row.id) },
          body: { ...change, version: row.version },
        }),
      );
      tellChanged(row.id, ticket);
    },
    onSettled: () => refetchTicket(cache, row.id),
    onError: (error) => {
      if (isCode(error, "version_conflict")) toast(text("ticket.conflict"));
      else if (!isCode(error, "promises_open")) toastError(error); // that one is asked about
    },
  });
}

/** The ticket, its timeline and its clocks, wherever they are shown, under number or protocol. */
export function refetchTicket(cache: ReturnType<typeof useQueryClient>, id: number): void {
  void cache.invalidateQueries({ queryKey: keys.timeline(id) });
  void cache.invalidateQueries({ queryKey: keys.clocks(id) });
  void cache.invalidateQueries({
    queryKey: keys.tickets,
    predicate: (query) => (query.state.data as { ticket?: TicketRow } | undefined)?.ticket?.id === id,
  });
}
