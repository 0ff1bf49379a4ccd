import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import { tellMine } from "../../api/here";
import { keys } from "../../api/keys";
import type { BreakReason } from "../../api/types";

/** Who waits for a supervisor: everybody we may help, or only ourselves. */
export const helpQuery = queryOptions({
  queryKey: keys.help,
  queryFn: async ({ signal }) => (await unwrap(api.GET("/api/help", { signal }))).items,
  staleTime: 30_000,
});

export async function resume(): Promise<void> {
  tellMine(await unwrap(api.PUT("/api/me/state", { body: { state: "available" } })));
}

export async function pause(reason: BreakReason, minutes: number): Promise<void> {
  tellMine(await unwrap(api.PUT("/api/me/state", { body: { state: "break", reason, minutes } })));
}

export const join = (ticket: number, account: number) =>
  unwrap(
    api.POST("/api/tickets/{ticket}/help/join", {
      params: { path: { ticket: String(ticket) } },
      body: { account_id: account },
    }),
  );
