import { queryOptions } from "@tanstack/react-query";
import { api, newKey, once, unwrap } from "../../api/client";
import { keys } from "../../api/keys";

const path = (id: number) => ({ path: { id: String(id) } });

export const suggestionsQuery = (customerId: number) =>
  queryOptions({
    queryKey: keys.suggestions(customerId),
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET("/api/customers/{id}/suggestions", { params: path(customerId), signal }))).items,
    staleTime: 60_000,
  });

/** Makes `from` the same customer as `into`; the answer's id takes it back. */
export const mergeCustomers = (into: number, from: number, reason: string) =>
  unwrap(
    api.POST("/api/customers/{id}/merge", {
      params: path(into),
      body: { from, reason },
      headers: once(newKey()),
    }),
  );

export const undoMerge = (mergeId: number) =>
  unwrap(api.POST("/api/customers/merges/{id}/undo", { params: path(mergeId), headers: once(newKey()) }));

export const keepApart = (id: number, other: number) =>
  unwrap(
    api.POST("/api/customers/{id}/apart", { params: path(id), body: { other }, headers: once(newKey()) }),
  );
