import { queryOptions, useSuspenseQuery } from "@tanstack/react-query";
import { setTimeZone } from "../lib/time";
import { api, keepCsrfToken, unwrap } from "./client";
import { keys } from "./keys";
import type { Me } from "./types";

export const meQuery = queryOptions({
  queryKey: keys.me,
  queryFn: async ({ signal }) => welcome(await unwrap(api.GET("/api/me", { signal }))),
  staleTime: 5 * 60_000,
});

/** Who is logged in. Only below a route that has made sure of it. */
export const useMe = (): Me => useSuspenseQuery(meQuery).data;

export async function logIn(email: string, password: string): Promise<Me> {
  const { me } = await unwrap(api.POST("/api/login", { body: { email, password } }));
  return welcome(me);
}

export const logOut = () => unwrap(api.POST("/api/logout"));

function welcome(me: Me): Me {
  keepCsrfToken(me.csrf_token);
  if (me.time_zone) setTimeZone(me.time_zone);
  return me;
}

/** The actions that not everybody may do; the server decides, the screen only follows. */
export type Action =
  | "tickets.work"
  | "tickets.take_over"
  | "breaches.see"
  | "intake.see"
  | "intake.erase"
  | "accounts.manage"
  | "desk.manage"
  | "forms.manage"
  | "customers.keep"
  | "cases.work"
  | "routing.manage"
  | "views.share"
  | "bulk.matching"
  | "imports.run"
  | "clocks.correct"
  | "incidents.run"
  | "retention.hold"
  | "retention.keep";

export const may = (me: Me, action: Action) => me.can.includes(action);
