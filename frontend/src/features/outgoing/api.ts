import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, newKey, once, unwrap } from "../../api/client";
import { keys } from "../../api/keys";
import type { components } from "../../api/schema";

type Schemas = components["schemas"];
export type OutItem = Schemas["OutItem"];
export type OutState = OutItem["state"];
export type Letter = Schemas["Letter"];
export type Outgoing = Schemas["Outgoing"];

/** Whether things go out at all. It changes about once a year, and then everybody has to know. */
export const outgoingQuery = queryOptions({
  queryKey: keys.outgoing,
  queryFn: ({ signal }) => unwrap(api.GET("/api/outgoing", { signal })),
  refetchInterval: 60_000,
});

export const outboxQuery = (state: OutState | "") =>
  infiniteQueryOptions({
    queryKey: keys.outbox(state),
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.GET("/api/outbox", {
          params: { query: { state: state || undefined, cursor: pageParam } },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: 15_000,
  });

export const lettersQuery = queryOptions({
  queryKey: keys.letters,
  queryFn: async ({ signal }) => (await unwrap(api.GET("/api/letters", { signal }))).items,
  refetchInterval: 30_000,
});

const path = (id: number) => ({ params: { path: { id: String(id) } } });

export const retryOut = (id: number) => unwrap(api.POST("/api/outbox/{id}/retry", path(id)));
export const cancelOut = (id: number) => unwrap(api.POST("/api/outbox/{id}/cancel", path(id)));
export const releaseAll = () => unwrap(api.POST("/api/outgoing/release"));

export const gather = (ids: number[]) =>
  unwrap(api.POST("/api/letters/batches", { body: { ids }, headers: once(newKey()) }));

export const batchURL = (batch: number) => `/api/letters/batches/${batch}/pdf`;

export const notePosted = (batch: number, day: string) =>
  unwrap(api.POST("/api/letters/batches/{id}/posted", { ...path(batch), body: { day } }));

/** What a person may still decide about a row; the server decides again. */
export const canRetry = (o: OutItem) =>
  ["failed", "suppressed"].includes(o.state) ||
  (o.state === "queued" && o.way !== "letter" && o.attempts > 0);
export const canCancel = (o: OutItem) => o.state === "queued";
