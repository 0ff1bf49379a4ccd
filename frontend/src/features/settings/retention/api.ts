import { queryOptions } from "@tanstack/react-query";
import { api, newKey, once, unwrap } from "../../../api/client";
import type { components } from "../../../api/schema";

type Schemas = components["schemas"];
export type Rule = Schemas["RetentionRule"];
export type Terms = Schemas["RetentionTerms"];
export type Effect = Schemas["RetentionEffect"];
export type Round = Schemas["RetentionRun"];

export const retentionKey = ["retention"] as const;

export const rulesQuery = queryOptions({
  queryKey: [...retentionKey, "rules"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/retention/rules", { signal })),
});

export const holdsQuery = queryOptions({
  queryKey: [...retentionKey, "holds"],
  queryFn: async ({ signal }) => (await unwrap(api.GET("/api/retention/holds", { signal }))).items,
});

export const roundsQuery = queryOptions({
  queryKey: [...retentionKey, "runs"],
  queryFn: async ({ signal }) => (await unwrap(api.GET("/api/retention/runs", { signal }))).items,
});

export const verifiedQuery = queryOptions({
  queryKey: [...retentionKey, "verified"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/retention/proofs/verified", { signal })),
});

/** What would be purged; with a rule, if it were so. */
export const preview = (change?: { id: number; rule: Terms }): Promise<Effect> =>
  unwrap(api.POST("/api/retention/preview", { body: change ?? {}, headers: once(newKey()) }));

export const saveRule = (r: Rule, rule: Terms, seen: string): Promise<Rule> =>
  unwrap(
    api.PUT("/api/retention/rules/{id}", {
      params: { path: { id: String(r.id) } },
      body: { rule, version: r.version, seen },
    }),
  );

export const switchPurging = (on: boolean, seen = "") =>
  unwrap(api.PUT("/api/retention/purging", { body: { on, seen } }));

export const beginRound = () => unwrap(api.POST("/api/retention/runs", { headers: once(newKey()) }));

/** Brings the proofs of a round as a file. */
export async function downloadProofs(id: number): Promise<void> {
  const report = await unwrap(api.GET("/api/retention/runs/{id}", { params: { path: { id: String(id) } } }));
  const file = new Blob([JSON.stringify(report, null, 2)], { type: "application/json" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `eliminacao-${id}.json`;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** What of a rule can be said anew. */
export const termsOf = ({ id, key, version, updated_at, updated_by, ...terms }: Rule): Terms => terms;
