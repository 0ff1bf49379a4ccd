import { queryOptions } from "@tanstack/react-query";
import { api, newKey, once, unwrap } from "./client";
import type { components } from "./schema";

export type Standing = components["schemas"]["TicketRetention"];
export type KeptPart = components["schemas"]["KeptPart"];

export const standingQuery = (ticketId: number) =>
  queryOptions({
    queryKey: ["retention", "ticket", ticketId],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/tickets/{ticket}/retention", {
          params: { path: { ticket: String(ticketId) } },
          signal,
        }),
      ),
  });

export const hold = (ticketId: number, reason: string) =>
  unwrap(
    api.POST("/api/tickets/{ticket}/retention/holds", {
      params: { path: { ticket: String(ticketId) } },
      body: { reason },
      headers: once(newKey()),
    }),
  );

export const holdCustomer = (customerId: number, reason: string) =>
  unwrap(
    api.POST("/api/retention/holds", {
      body: { customer_id: customerId, reason },
      headers: once(newKey()),
    }),
  );

export const lift = (holdId: number, reason: string) =>
  unwrap(
    api.POST("/api/retention/holds/{id}/lift", {
      params: { path: { id: String(holdId) } },
      body: { reason },
      headers: once(newKey()),
    }),
  );
