import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, newKey, once, unwrap } from "../../api/client";
import type { Incident, IncidentState } from "../../api/incidents";
import { keys } from "../../api/keys";
import type { components } from "../../api/schema";

type Schemas = components["schemas"];
export type IncidentDetail = Schemas["IncidentDetail"];
export type IncidentRun = Schemas["IncidentRun"];
export type IncidentFields = Omit<Schemas["ChangeIncidentBody"], "version">;

export const incidentsQuery = (state: IncidentState) =>
  queryOptions({
    queryKey: keys.incidentsOf(state),
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET("/api/incidents", { params: { query: { state } }, signal }))).items,
    staleTime: 30_000,
  });

const path = (id: number) => ({ params: { path: { id: String(id) } } });

const moving = (detail: IncidentDetail | undefined) => detail?.runs.some((r) => r.state === "running");

/** An incident in figures. While something is done to its tickets it is asked again each second. */
export const incidentQuery = (id: number) =>
  queryOptions({
    queryKey: keys.incident(id),
    queryFn: ({ signal }) => unwrap(api.GET("/api/incidents/{id}", { ...path(id), signal })),
    refetchInterval: (query) => (moving(query.state.data) ? 1000 : 30_000),
  });

/** Its tickets, or those of them whom an answer to all has not reached. */
export const incidentTicketsQuery = (id: number, unreached: boolean) =>
  infiniteQueryOptions({
    queryKey: [...keys.incident(id), "tickets", unreached] as const,
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.GET("/api/incidents/{id}/tickets", {
          params: {
            path: { id: String(id) },
            query: { cursor: pageParam, unreached: unreached || undefined },
          },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });

export const suggestionsQuery = (id: number, q: string) =>
  queryOptions({
    queryKey: [...keys.incident(id), "suggestions", q] as const,
    queryFn: async ({ signal }) =>
      (
        await unwrap(
          api.GET("/api/incidents/{id}/suggestions", {
            params: { path: { id: String(id) }, query: { q: q || undefined } },
            signal,
          }),
        )
      ).items,
  });

export const effectQuery = (id: number) =>
  queryOptions({
    queryKey: [...keys.incident(id), "effect"] as const,
    queryFn: ({ signal }) => unwrap(api.GET("/api/incidents/{id}/effect", { ...path(id), signal })),
    staleTime: 0,
  });

export const createIncident = (fields: IncidentFields) => {
  const { state: _, channel, ...rest } = fields;
  const given = Object.fromEntries(
    Object.entries({ ...rest, channel }).filter(([, v]) => v !== null && v !== ""),
  );
  return unwrap(
    api.POST("/api/incidents", {
      body: given as unknown as Schemas["NewIncidentBody"],
      headers: once(newKey()),
    }),
  );
};

export const changeIncident = (incident: Incident, fields: Partial<IncidentFields>) => {
  const {
    title,
    inside,
    outside,
    news_by,
    state,
    brand_id,
    team_id,
    channel,
    reason_id,
    started_at,
    version,
  } = incident;
  return unwrap(
    api.PUT("/api/incidents/{id}", {
      ...path(incident.id),
      body: {
        title,
        inside,
        outside,
        news_by,
        state,
        brand_id,
        team_id,
        channel,
        reason_id,
        started_at,
        version,
        ...fields,
      },
    }),
  );
};

export const putTickets = (id: number, tickets: number[], off = false) =>
  unwrap(
    api.POST("/api/incidents/{id}/tickets", { ...path(id), body: { tickets, off }, headers: once(newKey()) }),
  );

export const answerAll = (id: number, body: string, resolve: boolean, key: string) =>
  unwrap(
    api.POST("/api/incidents/{id}/answers", { ...path(id), body: { body, resolve }, headers: once(key) }),
  );

export const cancelRun = (id: number, run: number) =>
  unwrap(
    api.POST("/api/incidents/{id}/runs/{run}/cancel", {
      params: { path: { id: String(id), run: String(run) } },
    }),
  );
