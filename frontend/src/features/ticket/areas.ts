import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, newKey, once, unwrap } from "../../api/client";
import type { components } from "../../api/schema";
import type { TicketRow } from "../../api/types";
import { toastError } from "../../ui/toast";
import { refetchTicket } from "./api";

type Schemas = components["schemas"];
export type InternalRequest = Schemas["InternalRequest"];
export type Turns = Schemas["Turns"];

const ref = (id: number) => ({ ticket: String(id) });

/** What a ticket asks of areas; asked again whenever the ticket has changed. */
export const requestsQuery = (row: TicketRow) =>
  queryOptions({
    queryKey: ["requests", row.id, row.version] as const,
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET("/api/tickets/{ticket}/requests", { params: { path: ref(row.id) }, signal })))
        .items,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });

export const turnsQuery = (row: TicketRow) =>
  queryOptions({
    queryKey: ["turns", row.id, row.version] as const,
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/tickets/{ticket}/turns", { params: { path: ref(row.id) }, signal })),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });

export interface Question {
  area_id: number;
  body: string;
  hides: boolean;
  amount?: number;
  files?: string[];
  looked?: boolean;
}

export function useAsk(row: TicketRow) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (body: Question) =>
      unwrap(
        api.POST("/api/tickets/{ticket}/requests", {
          params: { path: ref(row.id) },
          body,
          headers: once(newKey()),
        }),
      ),
    onSettled: () => refetchTicket(cache, row.id),
  });
}

/** Ends a request or gives it more time. */
export function useRequestAct(row: TicketRow, request: string) {
  const cache = useQueryClient();
  const path = { ...ref(row.id), request };
  return useMutation({
    mutationFn: (act: { withdraw: true } | { close: string } | { more: number }) => {
      if ("more" in act) {
        return unwrap(
          api.POST("/api/tickets/{ticket}/requests/{request}/extend", { params: { path }, body: act }),
        );
      }
      if ("close" in act) {
        return unwrap(
          api.POST("/api/tickets/{ticket}/requests/{request}/close", {
            params: { path },
            body: { remark: act.close },
          }),
        );
      }
      return unwrap(
        api.POST("/api/tickets/{ticket}/requests/{request}/withdraw", { params: { path }, body: {} }),
      );
    },
    onError: toastError,
    onSettled: () => {
      void cache.invalidateQueries({ queryKey: ["requests", row.id] });
      return refetchTicket(cache, row.id);
    },
  });
}
