import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import { keys } from "../../api/keys";
import type { Me, NewAccount } from "../../api/types";

export const sessionsQuery = queryOptions({
  queryKey: keys.sessions,
  queryFn: async ({ signal }) => (await unwrap(api.GET("/api/sessions", { signal }))).items,
});

export const endSession = (id: number) =>
  unwrap(api.DELETE("/api/sessions/{id}", { params: { path: { id: String(id) } } }));

export const accountsQuery = queryOptions({
  queryKey: keys.accounts,
  queryFn: async ({ signal }) => (await unwrap(api.GET("/api/accounts", { signal }))).items,
});

export const createAccount = (body: NewAccount) => unwrap(api.POST("/api/accounts", { body }));

export const setActive = (id: number, active: boolean) =>
  unwrap(api.PATCH("/api/accounts/{id}", { params: { path: { id: String(id) } }, body: { active } }));

export const createTeam = (name: string) => unwrap(api.POST("/api/teams", { body: { name } }));

export const saveLocale = (locale: Me["locale"]) => unwrap(api.PATCH("/api/me", { body: { locale } }));

export const saveExtension = (extension: string) => unwrap(api.PATCH("/api/me", { body: { extension } }));

export const setExtensionOf = (id: number, extension: string) =>
  unwrap(api.PATCH("/api/accounts/{id}", { params: { path: { id: String(id) } }, body: { extension } }));

export const changePassword = (current: string, next: string) =>
  unwrap(api.POST("/api/me/password", { body: { current_password: current, password: next } }));
