import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, unwrap } from "./client";
import { keys } from "./keys";
import type { Person, Reason, Team } from "./types";

const rarely = 5 * 60_000;

export const peopleQuery = queryOptions({
  queryKey: keys.people,
  queryFn: async ({ signal }) => (await unwrap(api.GET("/api/people", { signal }))).items,
  staleTime: rarely,
});

export const teamsQuery = queryOptions({
  queryKey: keys.teams,
  queryFn: async ({ signal }) => (await unwrap(api.GET("/api/teams", { signal }))).items,
  staleTime: rarely,
});

export const reasonsQuery = queryOptions({
  queryKey: keys.reasons,
  queryFn: async ({ signal }) => (await unwrap(api.GET("/api/reasons", { signal }))).items,
  staleTime: rarely,
});

/** Names for ids: rows carry numbers, the directory is small and stays in memory. */
export function usePerson(id: number | null | undefined): Person | undefined {
  return useQuery({ ...peopleQuery, select: (people) => people.find((p) => p.id === id) }).data;
}

export function useTeam(id: number): Team | undefined {
  return useQuery({ ...teamsQuery, select: (teams) => teams.find((team) => team.id === id) }).data;
}

/** The chain of a reason from its root, "Garantia › Troca". */
export function reasonPath(reasons: readonly Reason[], id: number | null): string {
  const names: string[] = [];
  for (let at = reasons.find((r) => r.id === id); at; at = reasons.find((r) => r.id === at?.parent_id)) {
    names.unshift(at.name);
  }
  return names.join(" › ");
}
