import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { api, newKey, once, unwrap } from "../../../api/client";
import { keys } from "../../../api/keys";
import type { components } from "../../../api/schema";
import type { Clock } from "../../../api/types";

type Schemas = components["schemas"];
export type ClockOffer = Schemas["ClockOffer"];
export type HandStarted = Schemas["HandStarted"];
export type Outlook = Schemas["ExtensionOutlook"];
export type PauseOf = Schemas["Pause"];

const ref = (ticket: number) => ({ ticket: String(ticket) });
const one = (ticket: number, clock: number) => ({ ...ref(ticket), clock: String(clock) });

/** What somebody may start by hand on a ticket, and what was. */
export const handClocksQuery = (ticket: number) =>
  queryOptions({
    queryKey: keys.handClocks(ticket),
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/tickets/{ticket}/clocks/by-hand", { params: { path: ref(ticket) }, signal })),
    staleTime: 15_000,
  });

/** What an extension would do now. */
export const outlookQuery = (ticket: number, clock: number) =>
  queryOptions({
    queryKey: [...keys.clocks(ticket), clock, "extension"] as const,
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/tickets/{ticket}/clocks/{clock}/extension", {
          params: { path: one(ticket, clock) },
          signal,
        }),
      ),
    staleTime: 0,
    retry: false,
  });

type Told = Promise<{ items: Clock[] }>;

/** Each act answers with all deadlines of the ticket as they are after it; they are shown at once. */
export async function tellClocks(cache: QueryClient, ticket: number, told: Told): Promise<Clock[]> {
  const { items } = await told;
  cache.setQueryData(keys.clocks(ticket), items);
  return items;
}

export const pauseClock = (ticket: number, clock: number, reason: string): Told =>
  unwrap(
    api.POST("/api/tickets/{ticket}/clocks/{clock}/pause", {
      params: { path: one(ticket, clock) },
      body: { reason },
      headers: once(newKey()),
    }),
  );

export const resumeClock = (ticket: number, clock: number): Told =>
  unwrap(
    api.POST("/api/tickets/{ticket}/clocks/{clock}/resume", {
      params: { path: one(ticket, clock) },
      headers: once(newKey()),
    }),
  );

export const cancelClock = (ticket: number, clock: number, reason: string): Told =>
  unwrap(
    api.POST("/api/tickets/{ticket}/clocks/{clock}/cancel", {
      params: { path: one(ticket, clock) },
      body: { reason },
      headers: once(newKey()),
    }),
  );

export interface PauseCorrection {
  /** When it really ended; absent takes it back altogether. */
  to?: string;
  reason: string;
  /** Accepts that the deadline has run out by it. */
  breach?: boolean;
}

export const correctPause = (ticket: number, clock: number, pause: number, body: PauseCorrection): Told =>
  unwrap(
    api.PATCH("/api/tickets/{ticket}/clocks/{clock}/pauses/{pause}", {
      params: { path: { ...one(ticket, clock), pause: String(pause) } },
      body,
    }),
  );

export interface ExtensionAsked {
  reason: string;
  message: string;
  seen_version?: number;
  fence?: number;
}

export const extendClock = (ticket: number, clock: number, key: string, body: ExtensionAsked): Told =>
  unwrap(
    api.POST("/api/tickets/{ticket}/clocks/{clock}/extension", {
      params: { path: one(ticket, clock) },
      body,
      headers: once(key),
    }),
  );

export interface HandStart {
  policy_id: number;
  start?: string;
  due?: string;
  reason: string;
}

export const beginClock = (ticket: number, key: string, body: HandStart): Promise<Clock> =>
  unwrap(
    api.POST("/api/tickets/{ticket}/clocks", { params: { path: ref(ticket) }, body, headers: once(key) }),
  );

export const stopClock = (ticket: number, clock: number, how: string): Promise<Clock> =>
  unwrap(
    api.POST("/api/tickets/{ticket}/clocks/{clock}/stop", {
      params: { path: one(ticket, clock) },
      body: { how },
      headers: once(newKey()),
    }),
  );
