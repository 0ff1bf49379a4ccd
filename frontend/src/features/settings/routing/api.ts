import { queryOptions } from "@tanstack/react-query";
import { api, newKey, once, unwrap } from "../../../api/client";
import { keys } from "../../../api/keys";
import type { Profile } from "../../../api/types";

export const teamRoutingsQuery = queryOptions({
  queryKey: keys.teamRoutings,
  queryFn: async ({ signal }) => (await unwrap(api.GET("/api/routing/teams", { signal }))).items,
});

export const skillsQuery = queryOptions({
  queryKey: keys.skills,
  queryFn: async ({ signal }) => (await unwrap(api.GET("/api/skills", { signal }))).items,
});

export const skipsQuery = queryOptions({
  queryKey: keys.skips,
  queryFn: async ({ signal }) => (await unwrap(api.GET("/api/skips", { signal }))).items,
  refetchInterval: 30_000,
});

const of = (id: number) => ({ path: { id: String(id) } });

export const profileQuery = (account: number) =>
  queryOptions({
    queryKey: keys.profile(account),
    queryFn: ({ signal }) => unwrap(api.GET("/api/accounts/{id}/routing", { params: of(account), signal })),
  });

export interface TeamDraft {
  mode: "manual" | "pull" | "push";
  heavy_in_row: number;
  sticky_days: number;
}

export const changeTeam = (id: number, body: TeamDraft) =>
  unwrap(api.PATCH("/api/teams/{id}/routing", { params: of(id), body }));

export const addSkill = (name: string) =>
  unwrap(api.POST("/api/skills", { body: { name }, headers: once(newKey()) }));

export const removeSkill = (id: number) => unwrap(api.DELETE("/api/skills/{id}", { params: of(id) }));

export interface RuleDraft {
  team_id?: number;
  channel?: "phone" | "webform" | "email";
  reason_id?: number;
  tag?: string;
}

export const addRule = (skill: number, body: RuleDraft) =>
  unwrap(api.POST("/api/skills/{id}/rules", { params: of(skill), body, headers: once(newKey()) }));

export const removeRule = (id: number) => unwrap(api.DELETE("/api/skills/rules/{id}", { params: of(id) }));

export const changeProfile = (
  account: number,
  body: Partial<Pick<Profile, "skills" | "at_once" | "zone" | "shifts">>,
) => unwrap(api.PATCH("/api/accounts/{id}/routing", { params: of(account), body }));

export const addAbsence = (account: number, body: { from: string; to: string; reason: string }) =>
  unwrap(api.POST("/api/accounts/{id}/absences", { params: of(account), body, headers: once(newKey()) }));

export const removeAbsence = (id: number) => unwrap(api.DELETE("/api/absences/{id}", { params: of(id) }));
