import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import { keys } from "../../api/keys";
import type { components } from "../../api/schema";

export type Board = components["schemas"]["Board"];
export type KeptDay = components["schemas"]["KeptDay"];

/** What the board is narrowed to; it stands in the address. */
export interface BoardFilter {
  team?: number | undefined;
  channel?: "phone" | "webform" | "email" | "ombudsman" | undefined;
  regime?: number | undefined;
}

/** Frames of clocks make it be asked again; the minute does, too, because what falls next moves with it. */
export const boardQuery = (filter: BoardFilter) =>
  queryOptions({
    queryKey: keys.board(filter),
    queryFn: ({ signal }) => unwrap(api.GET("/api/board", { params: { query: filter }, signal })),
    refetchInterval: 30_000,
    placeholderData: keepPreviousData,
  });

export const complianceQuery = (filter: BoardFilter) =>
  queryOptions({
    queryKey: keys.compliance(filter),
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET("/api/board/compliance", { params: { query: filter }, signal }))).items,
    refetchInterval: 5 * 60_000,
    placeholderData: keepPreviousData,
  });

/** Running deadlines that I was told of by their ladders. */
export const alertsQuery = queryOptions({
  queryKey: [...keys.breaches, "alerts"],
  queryFn: async ({ signal }) => (await unwrap(api.GET("/api/alerts", { signal }))).items,
  refetchInterval: 60_000,
});
