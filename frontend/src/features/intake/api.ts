import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, callHeaders, refusal, unwrap } from "../../api/client";
import { keys } from "../../api/keys";
import type { LedgerFate, LedgerItem, SourceHealth } from "../../api/types";

/** How much of a raw source is shown; all of it can be downloaded. */
export const shownSource = 64 * 1024;

export const summaryQuery = queryOptions({
  queryKey: keys.intakeSummary,
  queryFn: ({ signal }) => unwrap(api.GET("/api/intake/summary", { signal })),
  refetchInterval: 15_000,
});

export const sourcesQuery = queryOptions({
  queryKey: keys.intakeSources,
  queryFn: ({ signal }) => unwrap(api.GET("/api/intake/sources", { signal })),
  refetchInterval: 60_000,
});

export const ledgerQuery = (fate: LedgerFate, channel: LedgerChannel | "") =>
  infiniteQueryOptions({
    queryKey: keys.ledger(fate, channel),
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.GET("/api/intake/ledger", {
          params: { query: { fate, channel: channel || undefined, cursor: pageParam } },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: 15_000,
  });

export type LedgerChannel = "phone" | "webform" | "email" | "ombudsman";

export const entryQuery = (id: number) =>
  queryOptions({
    queryKey: keys.ledgerEntry(id),
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/intake/ledger/{id}", { params: { path: { id: String(id) } }, signal })),
  });

export const sourceURL = (id: number) => `/api/intake/ledger/${id}/source`;

/** The beginning of the raw source, as text: what is no UTF-8 shows as replacement characters. */
export const sourceTextQuery = (id: number) =>
  queryOptions({
    queryKey: keys.ledgerSource(id),
    queryFn: async ({ signal }) => {
      const response = await fetch(sourceURL(id), { headers: callHeaders("GET"), signal });
      if (!response.ok) throw refusal(response.status, await response.json().catch(() => undefined));
      const bytes = await response.arrayBuffer();
      return {
        text: new TextDecoder().decode(bytes.slice(0, shownSource)),
        cut: bytes.byteLength > shownSource,
      };
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

export const retryEntry = (id: number) =>
  unwrap(api.POST("/api/intake/ledger/{id}/retry", { params: { path: { id: String(id) } } }));

export const discardEntry = (id: number, reason: string) =>
  unwrap(
    api.POST("/api/intake/ledger/{id}/discard", { params: { path: { id: String(id) } }, body: { reason } }),
  );

export const eraseEntry = (id: number, reason: string, altogether: boolean) =>
  unwrap(
    api.POST("/api/intake/ledger/{id}/erase", {
      params: { path: { id: String(id) } },
      body: { reason, altogether },
    }),
  );

export const expectWithin = (source: SourceHealth, hours: number) =>
  unwrap(
    api.PATCH("/api/intake/sources", {
      body: { channel: source.channel as LedgerChannel, name: source.name, quiet_after: hours },
    }),
  );

/** What a person may still decide about an entry. */
export const canRetry = (item: LedgerItem) =>
  !item.purged && ["pending", "quarantined", "discarded"].includes(item.fate);
export const canDiscard = (item: LedgerItem) => ["pending", "quarantined"].includes(item.fate);
/** Only what became nothing: a ticket's original goes with the ticket. */
export const canErase = (item: LedgerItem) =>
  ["discarded", "automatic", "duplicate"].includes(item.fate) && item.ticket_id === null;
