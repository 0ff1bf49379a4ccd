import { queryOptions } from "@tanstack/react-query";
import { api, newKey, once, unwrap } from "../../../api/client";
import { keys } from "../../../api/keys";
import type { components } from "../../../api/schema";

export type Commitment = components["schemas"]["Commitment"];
export type FoundPromise = components["schemas"]["FoundPromise"];
/** A promise that its author confirms. */
export type Pledge = components["schemas"]["Pledge"];

/** What an author said of a promise that was found in their text. */
export type Meant = components["schemas"]["Meant"];
/** A promise that stands against the end of a ticket. */
export type OpenPromise = components["schemas"]["OpenPromise"];

/** What was promised to a ticket's customer. */
export const promisesQuery = (ticket: number) =>
  queryOptions({
    queryKey: [...keys.clocks(ticket), "promises"] as const,
    queryFn: async ({ signal }) =>
      (
        await unwrap(
          api.GET("/api/tickets/{ticket}/commitments", {
            params: { path: { ticket: String(ticket) } },
            signal,
          }),
        )
      ).items,
  });

const path = (ticket: number, { id }: Commitment) => ({
  path: { ticket: String(ticket), commitment: String(id) },
});

export const keepPromise = (ticket: number, c: Commitment, reason: string) =>
  unwrap(
    api.POST("/api/tickets/{ticket}/commitments/{commitment}/keep", {
      params: path(ticket, c),
      body: { reason },
      headers: once(newKey()),
    }),
  );

export const withdrawPromise = (ticket: number, c: Commitment, reason: string) =>
  unwrap(
    api.POST("/api/tickets/{ticket}/commitments/{commitment}/withdraw", {
      params: path(ticket, c),
      body: { reason },
      headers: once(newKey()),
    }),
  );

export const movePromise = (ticket: number, c: Commitment, reason: string, due: Date) =>
  unwrap(
    api.POST("/api/tickets/{ticket}/commitments/{commitment}/move", {
      params: path(ticket, c),
      body: { reason, due_at: due.toISOString() },
      headers: once(newKey()),
    }),
  );

/** What a text promises, or may promise. */
export const findPromises = async (body: string): Promise<FoundPromise[]> =>
  (await unwrap(api.POST("/api/commitments/read", { body: { body }, headers: once(newKey()) }))).items;
