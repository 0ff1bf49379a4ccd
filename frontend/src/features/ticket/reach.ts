import { queryOptions } from "@tanstack/react-query";
import { api, once, unwrap } from "../../api/client";
import { keys } from "../../api/keys";
import { tellRow } from "../../api/rows";
import type { components } from "../../api/schema";
import type { TextId, Translate } from "../../lib/i18n";
import { leaseOf } from "./lease";

type Schemas = components["schemas"];
export type Way = Schemas["Way"];
export type Wish = Schemas["Wish"];
export type Copy = Schemas["Copy"];

const of = (id: number) => ({ params: { path: { ticket: String(id) } } });
const ofCustomer = (id: number) => ({ params: { path: { id: String(id) } } });

/** How the customer of a ticket can be answered now, as the server's one gate sees it. */
export const waysQuery = (id: number) =>
  queryOptions({
    queryKey: keys.ways(id),
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET("/api/tickets/{ticket}/ways", { ...of(id), signal }))).items,
  });

export const copiesQuery = (id: number) =>
  queryOptions({
    queryKey: keys.copies(id),
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET("/api/tickets/{ticket}/copies", { ...of(id), signal }))).items,
  });

export const wishesQuery = (customer: number) =>
  queryOptions({
    queryKey: keys.wishes(customer),
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET("/api/customers/{id}/wishes", { ...ofCustomer(customer), signal }))).items,
  });

export const want = async (customer: number, wish: Pick<Wish, "way" | "allowed">) =>
  (await unwrap(api.PUT("/api/customers/{id}/wishes", { ...ofCustomer(customer), body: wish }))).items;

interface Answer {
  body: string;
  resolve: boolean;
  /** The version of the last public message its author has seen. */
  seen_version: number;
  /** Repeating the same after a lost answer must not send it twice. */
  key: string;
}

export async function writeLetter(id: number, { key, ...body }: Answer & { address: string[] }) {
  const sent = await unwrap(
    api.POST("/api/tickets/{ticket}/letters", {
      ...of(id),
      body: { ...body, fence: leaseOf(id)?.fence },
      headers: once(key),
    }),
  );
  tellRow(sent.ticket);
}

export async function sendText(id: number, { key, ...body }: Answer & { to?: string }) {
  const sent = await unwrap(
    api.POST("/api/tickets/{ticket}/texts", {
      ...of(id),
      body: { ...body, fence: leaseOf(id)?.fence },
      headers: once(key),
    }),
  );
  tellRow(sent.ticket);
}

export const askCopy = (id: number, key: string, body: Schemas["CopyInputBody"]) =>
  unwrap(api.POST("/api/tickets/{ticket}/copies", { ...of(id), body, headers: once(key) }));

const closed: Record<string, TextId> = {
  bouncing: "way.closed.bouncing",
  no_address: "way.closed.no_address",
  off: "way.closed.off",
  own_address: "way.closed.own_address",
  preference: "way.closed.preference",
  quiet: "way.closed.quiet",
  suppressed: "way.closed.suppressed",
};

/** Why a way is closed, in a sentence; empty when it is open. */
export const closedInWords = (t: Translate, way: Way | undefined): string =>
  !way || way.allowed ? "" : t(closed[way.reason] ?? "way.closed.suppressed");

/** The lines of an address as somebody typed them. */
export const addressLines = (typed: string) =>
  typed
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
