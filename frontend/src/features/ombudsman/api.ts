import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import { keys as shared } from "../../api/keys";
import type { components } from "../../api/schema";
import type { TicketRow } from "../../api/types";
import { upload } from "../../api/upload";

type Schemas = components["schemas"];
export type Case = Schemas["Case"];
export type CaseRow = Schemas["CaseRow"];
export type AreaRequest = Schemas["AreaRequest"];

const keys = {
  cases: ["cases"] as const,
  list: (state: "open" | "ended") => ["cases", state] as const,
  figures: ["cases", "figures"] as const,
  office: ["office"] as const,
  one: (ref: string) => ["case", ref] as const,
};

export const casesQuery = (state: "open" | "ended") =>
  queryOptions({
    queryKey: keys.list(state),
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/ombudsman/cases", { params: { query: { state } }, signal })),
    refetchInterval: 60_000,
  });

export const figuresQuery = queryOptions({
  queryKey: keys.figures,
  queryFn: ({ signal }) => unwrap(api.GET("/api/ombudsman/figures", { signal })),
});

export const caseQuery = (ref: string) =>
  queryOptions({
    queryKey: keys.one(ref),
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/ombudsman/cases/{case}", { params: { path: { case: ref } }, signal })),
    refetchInterval: 60_000,
  });

export const officeQuery = queryOptions({
  queryKey: keys.office,
  queryFn: ({ signal }) => unwrap(api.GET("/api/ombudsman/office", { signal })),
});

export const areasQuery = queryOptions({
  queryKey: shared.asked,
  queryFn: async ({ signal }) => (await unwrap(api.GET("/api/area-requests", { signal }))).items,
  refetchInterval: 60_000,
});

/** An act on a case: what comes back is the case as it is then. */
export function useAct<T>(ref: string, act: (input: T) => Promise<Case>) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSuccess: (now) => {
      cache.setQueryData(keys.one(ref), now);
      void cache.invalidateQueries({ queryKey: keys.cases });
    },
  });
}

export function useAnswerArea() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: async ({ id, answer, files }: { id: string; answer: string; files: readonly File[] }) => {
      const uploads: string[] = [];
      for (const file of files) uploads.push((await upload(file, () => {}, new AbortController().signal)).id);
      return unwrap(
        api.POST("/api/area-requests/{request}/answer", {
          params: { path: { request: id } },
          body: { answer, files: uploads },
        }),
      );
    },
    onSettled: () => cache.invalidateQueries({ queryKey: shared.asked }),
  });
}

export function useSeat() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: ({ id, rank }: { id: number; rank: Schemas["OfficeMember"]["rank"] }) =>
      unwrap(
        api.POST("/api/ombudsman/office/{id}", { params: { path: { id: String(id) } }, body: { rank } }),
      ),
    onSuccess: (office) => cache.setQueryData(keys.office, office),
  });
}

/** The case's deadline as the chip reads it: a case is a ticket with more around it. */
export const ticketOf = (row: CaseRow) => ({ ...row, id: row.ticket_id, clocks: 1 }) as unknown as TicketRow;
