import { queryOptions } from "@tanstack/react-query";
import { api, newKey, once, unwrap } from "./client";
import { keys } from "./keys";
import type { components } from "./schema";

export type Area = components["schemas"]["Area"];
export type AreaGiven = components["schemas"]["AreaGiven"];

/** The parts of the company that can be asked, those that are asked no more at the end. */
export const allAreasQuery = queryOptions({
  queryKey: keys.areas,
  queryFn: async ({ signal }) => (await unwrap(api.GET("/api/areas", { signal }))).items,
  staleTime: 60_000,
});

/** Makes an area when there is no id, else changes it. */
export const saveArea = (id: number | undefined, body: AreaGiven): Promise<Area> =>
  id === undefined
    ? unwrap(api.POST("/api/areas", { body, headers: once(newKey()) }))
    : unwrap(api.PUT("/api/areas/{id}", { params: { path: { id: String(id) } }, body }));
