import { queryOptions } from "@tanstack/react-query";
import { api, newKey, once, unwrap } from "../../../api/client";
import type { components } from "../../../api/schema";

type Schemas = components["schemas"];
export type Rule = Schemas["RetentionRule"];
export type Terms = Schemas["RetentionTerms"];
export type Effect = Schemas["RetentionEffect"];
export type Round = Schemas["RetentionRun"];
export type Report = Schemas["RetentionReport"];

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

/** Keeps a rule as it was previewed; without one before it, as a new one. */
export const saveRule = (was: Rule | undefined, rule: Terms, seen: string): Promise<Rule> =>
  unwrap(
    was
      ? api.PUT("/api/retention/rules/{id}", {
          params: { path: { id: String(was.id) } },
          body: { rule, version: was.version, seen },
        })
      : api.POST("/api/retention/rules", { body: { rule, seen }, headers: once(newKey()) }),
  );

export const switchPurging = (on: boolean, seen = "") =>
  unwrap(api.PUT("/api/retention/purging", { body: { on, seen } }));

export const beginRound = () => unwrap(api.POST("/api/retention/runs", { headers: once(newKey()) }));

export const reportQuery = (id: number) =>
  queryOptions({
    queryKey: [...retentionKey, "report", id],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/retention/runs/{id}", { params: { path: { id: String(id) } }, signal })),
  });

/** What a proof says, as far as the screen shows it. */
export interface Removal {
  seq: number;
  subject: Rule["subject"];
  protocols?: string[];
  kept: string;
  rules: { rule: string; until: string }[];
  rows: Record<string, number>;
  blobs?: string[];
}

/** Brings the proofs of a round as a file, to be kept elsewhere. */
export function downloadProofs(id: number, report: Report): void {
  const file = new Blob([JSON.stringify(report, null, 2)], { type: "application/json" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `eliminacao-${id}.json`;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** What of a rule can be said anew. */
export const termsOf = ({ id, key, version, updated_at, updated_by, ...terms }: Rule): Terms => terms;
