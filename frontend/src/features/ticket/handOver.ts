import { queryOptions } from "@tanstack/react-query";
import { api, newKey, once, unwrap } from "../../api/client";
import { keys } from "../../api/keys";
import { tellRows } from "../../api/rows";
import type { Claimed } from "../../api/types";
import { keepLease, leaseOf } from "./lease";

const ref = (id: number) => ({ ticket: String(id) });

export const myHelpQuery = queryOptions({
  queryKey: keys.help,
  queryFn: async ({ signal }) => (await unwrap(api.GET("/api/help", { signal }))).items,
  staleTime: 30_000,
});

/** Whom a ticket can be given to, the free ones with the least to do first. */
export const recipientsQuery = (id: number, q: string) =>
  queryOptions({
    queryKey: keys.recipients(id, q),
    queryFn: async ({ signal }) =>
      (
        await unwrap(
          api.GET("/api/tickets/{ticket}/recipients", { params: { path: ref(id), query: { q } }, signal }),
        )
      ).items,
    staleTime: 5_000,
  });

export interface Transfer {
  to_id?: number;
  team_id?: number;
  note: string;
}

export async function transfer(id: number, to: Transfer): Promise<void> {
  const { ticket } = await unwrap(
    api.POST("/api/tickets/{ticket}/transfer", {
      params: { path: ref(id) },
      body: { ...to, fence: leaseOf(id)?.fence },
    }),
  );
  keepLease(id, undefined);
  tellRows([ticket ? { row: ticket } : { gone: id }]);
}

export const skipReasons = ["knowledge", "language", "personal", "breather", "other"] as const;
export type SkipReason = (typeof skipReasons)[number];

/** Gives the ticket back with a reason and takes the next one; undefined when nothing waits. */
export async function skip(id: number, reason: SkipReason, word: string): Promise<Claimed | undefined> {
  const next = await unwrap<Claimed | undefined>(
    api.POST("/api/queue/next", {
      body: { skip: { ticket: String(id), reason, word } },
      headers: once(newKey()),
    }),
  );
  keepLease(id, undefined);
  if (next) {
    keepLease(next.ticket.id, next.lease);
    tellRows([{ row: next.ticket }]);
  }
  return next;
}

export const askHelp = (id: number, word: string) =>
  unwrap(api.POST("/api/tickets/{ticket}/help", { params: { path: ref(id) }, body: { word } }));

export const withdrawHelp = (id: number) =>
  unwrap(api.DELETE("/api/tickets/{ticket}/help", { params: { path: ref(id) } }));
