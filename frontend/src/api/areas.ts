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

/** How long an area has, by which calendar. */
export interface Term {
  calendar: string;
  amount: number;
  unit: Area["unit"];
}

const previewUnits = {
  business_days: "business",
  calendar_days: "calendar",
  business_hours: "hours",
  minutes: "minutes",
} as const;

/** When something that is asked at an instant is due by a term. */
export const exampleDueQuery = (term: Term, at: number) =>
  queryOptions({
    queryKey: ["example-due", term.calendar, term.amount, term.unit, at] as const,
    queryFn: ({ signal }) =>
      unwrap(
        api.POST("/api/sla/preview", {
          body: {
            start: new Date(at).toISOString(),
            calendar: term.calendar,
            amount: term.amount,
            unit: previewUnits[term.unit],
          },
          signal,
        }),
      ),
    enabled: term.amount >= 1,
    staleTime: Number.POSITIVE_INFINITY,
  });
