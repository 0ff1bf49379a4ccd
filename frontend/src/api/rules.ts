import { queryOptions } from "@tanstack/react-query";
import { api, newKey, once, unwrap } from "./client";
import type { components } from "./schema";

type Schemas = components["schemas"];
export type Regime = Schemas["Regime"];
export type RegimeTerms = Schemas["RegimeTerms"];
export type Policy = Schemas["SLAPolicy"];
export type PolicyTerms = Schemas["PolicyTerms"];
export type Rung = Schemas["EscalationRung"];
export type Effect = Schemas["RulesEffect"];
export type Trial = Schemas["RuleTrial"];
export type Change = NonNullable<Schemas["PreviewRulesBody"]["change"]>;
export type Demand = NonNullable<Schemas["PreviewRulesBody"]["demand"]>;

export const rulesKey = ["rules"] as const;

export const regimesQuery = queryOptions({
  queryKey: [...rulesKey, "regimes"],
  queryFn: async ({ signal }) => (await unwrap(api.GET("/api/regimes", { signal }))).items,
});

export const segmentsQuery = queryOptions({
  queryKey: [...rulesKey, "segments"],
  queryFn: async ({ signal }) => (await unwrap(api.GET("/api/segments", { signal }))).items,
});

export const preview = (body: { change?: Change; demand?: Demand }): Promise<Effect> =>
  unwrap(api.POST("/api/policies/preview", { body, headers: once(newKey()) }));

/** Makes the change that was previewed, for new tickets only or for open ones as well. */
export async function apply(c: Change, running: boolean): Promise<void> {
  const headers = once(newKey());
  const path = (id: number) => ({ path: { id: String(id) } });
  if (c.regime && c.regime_id) {
    const body = { regime: c.regime, version: c.version ?? 1, running };
    await unwrap(api.PUT("/api/regimes/{id}", { params: path(c.regime_id), body }));
  } else if (c.regime) {
    await unwrap(api.POST("/api/regimes", { body: { regime: c.regime }, headers }));
  } else if (c.policy && c.policy_id) {
    await unwrap(
      api.PUT("/api/policies/{id}", { params: path(c.policy_id), body: { policy: c.policy, running } }),
    );
  } else if (c.policy) {
    const body = { regime_id: c.regime_id ?? 0, policy: c.policy, running };
    await unwrap(api.POST("/api/policies", { body, headers }));
  } else if (c.remove) {
    await unwrap(api.DELETE("/api/policies/{id}", { params: { ...path(c.remove), query: { running } } }));
  } else {
    await unwrap(api.PUT("/api/policies/order", { body: { policies: c.order ?? [], running } }));
  }
}

/** What of a regime can be said anew. */
export const termsOf = (r: Regime): RegimeTerms => ({
  name: r.name,
  norm: r.norm,
  evidence: r.evidence,
  source: r.source,
  note: r.note,
  checked_by: r.checked_by,
  checked_on: r.checked_on,
  active: r.active,
  extension: r.extension,
  cap: r.cap,
});

/** Gives a regime another ladder of escalation, for what is recorded from now on. */
export const keepLadder = (r: Regime, ladder: Rung[]): Promise<Regime> =>
  unwrap(
    api.PUT("/api/regimes/{id}/ladder", {
      params: { path: { id: String(r.id) } },
      body: { version: r.version, ladder },
    }),
  );
