import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, newKey, once, unwrap } from "../../api/client";
import { keys } from "../../api/keys";
import type { Claimed, Counts } from "../../api/types";
import type { ListQuery } from "./view";

const pageSize = 60;

export const listQuery = (query: ListQuery) =>
  infiniteQueryOptions({
    queryKey: keys.list(query),
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.GET("/api/tickets", {
          params: {
            query: { ...query, sort: query.q ? "relevance" : query.sort, cursor: pageParam, limit: pageSize },
          },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    // The old result stays while a search is typed, never when another view is chosen.
    placeholderData: query.q ? keepPreviousData : undefined,
    // The stream keeps it true; a return to a view shows it at once and checks behind.
    staleTime: 10_000,
  });

export const countsQuery = queryOptions({
  queryKey: keys.counts,
  queryFn: ({ signal }): Promise<Counts> => unwrap(api.GET("/api/views/counts", { signal })),
  staleTime: Number.POSITIVE_INFINITY,
});

/** The deadline that falls next among the waiting; null when none is ahead. */
export const soonestQuery = queryOptions({
  queryKey: [...keys.lists, "soonest"],
  queryFn: async ({ signal }) => {
    const query = { view: "due_today", sort: "due", limit: 1 } as const;
    const page = await unwrap(api.GET("/api/tickets", { params: { query }, signal }));
    return page.items[0]?.next_due ?? null;
  },
});

/** Claims the most urgent ticket we may have. Undefined when nothing waits (204). */
export const takeNext = (): Promise<Claimed | undefined> =>
  unwrap<Claimed | undefined>(api.POST("/api/queue/next", { headers: once(newKey()) }));
