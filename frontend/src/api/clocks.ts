import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "./client";
import { keys } from "./keys";

export const clocksQuery = (ticketId: number) =>
  queryOptions({
    queryKey: keys.clocks(ticketId),
    queryFn: async ({ signal }) => {
      const path = { ticket: String(ticketId) };
      return (await unwrap(api.GET("/api/tickets/{ticket}/clocks", { params: { path }, signal }))).items;
    },
    staleTime: 15_000,
  });
