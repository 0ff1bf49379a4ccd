import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "./client";
import { keys } from "./keys";
import type { components } from "./schema";
import type { Reason, TicketRow } from "./types";

export type Incident = components["schemas"]["Incident"];
export type IncidentState = Incident["state"];

/** What is going wrong now. The stream says when it changes. */
export const openIncidentsQuery = queryOptions({
  queryKey: keys.incidentsOf("open"),
  queryFn: async ({ signal }) =>
    (await unwrap(api.GET("/api/incidents", { params: { query: { state: "open" } }, signal }))).items,
  staleTime: 5 * 60_000,
});

const early = 60 * 60_000;

/** Whether a ticket looks like one of the incident's: what it concerns, since just before it started. */
export function looksLike(incident: Incident, row: TicketRow, reasons: readonly Reason[]): boolean {
  if (row.walled || row.status === "closed" || row.status === "resolved") return false;
  const is = (wanted: unknown, has: unknown) => wanted === null || wanted === has;
  return (
    Date.parse(row.opened_at) >= Date.parse(incident.started_at) - early &&
    is(incident.brand_id, row.brand_id) &&
    is(incident.team_id, row.team_id) &&
    is(incident.channel, row.channel) &&
    (incident.reason_id === null || under(reasons, row.reason_id, incident.reason_id))
  );
}

/** Whether a reason is another, or stands below it in the tree. */
function under(reasons: readonly Reason[], id: number | null, root: number): boolean {
  for (let at = id; at !== null; at = reasons.find((r) => r.id === at)?.parent_id ?? null) {
    if (at === root) return true;
  }
  return false;
}

const path = (ticket: number) => ({ params: { path: { ticket: String(ticket) } } });

export const ticketIncidentQuery = (ticket: number, incident: number | null) =>
  queryOptions({
    queryKey: keys.incidentOf(ticket, incident),
    queryFn: ({ signal }) => unwrap(api.GET("/api/tickets/{ticket}/incident", { ...path(ticket), signal })),
    staleTime: 10_000,
  });

/** Puts a ticket to an incident, or takes it off for null. */
export const linkIncident = (ticket: number, incident_id: number | null) =>
  unwrap(api.PUT("/api/tickets/{ticket}/incident", { ...path(ticket), body: { incident_id } }));

/** Sends the ticket's customer what all the others were answered. */
export const tellNews = (ticket: number) =>
  unwrap(api.POST("/api/tickets/{ticket}/incident/news", path(ticket)));
