import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, callHeaders, newKey, once, refusal, unwrap } from "./client";
import type { components } from "./schema";

export type Calendar = components["schemas"]["Calendar"];
export type CalendarGiven = components["schemas"]["CalendarGiven"];
export type OpenHours = components["schemas"]["OpenHours"];
export type SpecialDay = components["schemas"]["SpecialDay"];
export type CalendarYear = components["schemas"]["CalendarYear"];
export type UnusualDay = components["schemas"]["UnusualDay"];
export type BroughtDays = components["schemas"]["BroughtDays"];
export type CalendarEffect = components["schemas"]["CalendarEffect"];

export const calendarsKey = ["calendars"] as const;

/** All calendars, those of the installation first. One that moves deadlines is looked at again. */
export const calendarsQuery = queryOptions({
  queryKey: calendarsKey,
  queryFn: async ({ signal }) => (await unwrap(api.GET("/api/calendars", { signal }))).items,
  refetchInterval: ({ state }) => (state.data?.some((c) => c.run && !c.run.finished_at) ? 2000 : false),
});

/** The days of a year that are not ordinary ones, by a calendar as it is being edited. */
export const yearQuery = (given: CalendarGiven, year: number) =>
  queryOptions({
    queryKey: [...calendarsKey, "year", year, given] as const,
    queryFn: ({ signal }) => unwrap(api.POST("/api/calendars/year", { body: { year, ...given }, signal })),
    placeholderData: keepPreviousData,
    retry: false,
  });

/** The same of a calendar as it is saved. */
export const savedYearQuery = (id: string, year: number) =>
  queryOptions({
    queryKey: [...calendarsKey, "saved-year", id, year] as const,
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/calendars/{id}/year/{year}", { params: { path: { id, year: String(year) } }, signal }),
      ),
    placeholderData: keepPreviousData,
  });

/** Which running deadlines a calendar would move if it were saved like this. */
export const effectOf = (id: string, body: CalendarGiven) =>
  unwrap(api.POST("/api/calendars/{id}/effect", { params: { path: { id } }, body }));

/** Makes a calendar when there is none, else changes it. */
export const saveCalendar = (was: Calendar | undefined, given: CalendarGiven): Promise<Calendar> =>
  was
    ? unwrap(
        api.PUT("/api/calendars/{id}", {
          params: { path: { id: was.id } },
          body: { version: was.version, ...given },
        }),
      )
    : unwrap(api.POST("/api/calendars", { body: given, headers: once(newKey()) }));

export const removeCalendar = (id: string) =>
  unwrap(api.DELETE("/api/calendars/{id}", { params: { path: { id } } }));

/** Says what a file of days would do to a calendar, and does it when it is to run. */
export async function bringDays(calendar: Calendar, file: File, run: boolean): Promise<BroughtDays> {
  const form = new FormData();
  form.append("files", file);
  form.append("run", String(run));
  form.append("version", String(calendar.version));
  const answer = await fetch(`/api/calendars/${calendar.id}/days/import`, {
    method: "POST",
    headers: callHeaders("POST"),
    body: form,
  });
  const body: unknown = await answer.json().catch(() => undefined);
  if (!answer.ok) throw refusal(answer.status, body);
  return body as BroughtDays;
}

/** When a term that starts on a day ends, with each interval on the way. */
export const testDateQuery = (calendar: string, start: string, amount: number, unit: TestUnit) =>
  queryOptions({
    queryKey: [...calendarsKey, "test", calendar, start, amount, unit] as const,
    queryFn: ({ signal }) =>
      unwrap(api.POST("/api/sla/preview", { body: { start, calendar, amount, unit }, signal })),
    enabled: start !== "" && amount >= 1,
    placeholderData: keepPreviousData,
    retry: false,
  });

export const testUnits = ["business", "calendar", "hours"] as const;
export type TestUnit = (typeof testUnits)[number];
