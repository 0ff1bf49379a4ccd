import type { Policy, Regime, Rung } from "../../../api/rules";
import type { Team } from "../../../api/types";
import type { Translate } from "../../../lib/i18n";

export const channels = ["phone", "webform", "email", "ombudsman"] as const;
export const kinds = [
  "informacao",
  "duvida",
  "reclamacao",
  "contestacao",
  "suspensao",
  "cancelamento",
  "solicitacao",
  "elogio",
  "sugestao",
  "denuncia",
] as const;
export const priorities = [1, 2, 3, 4] as const;
export const clocks = [
  "first_response",
  "next_response",
  "resolution",
  "legal",
  "acknowledgement",
  "history",
  "duty",
] as const;
export type ClockKind = (typeof clocks)[number];
export const units = ["calendar_days", "business_days", "business_hours", "minutes"] as const;

export interface Names {
  teams: readonly Team[];
  segments: readonly { id: string; name: string }[];
}

/** A day as people write it. */
export const dayInWords = (day: string) => day.split("-").reverse().join("/");

export const term = (t: Translate, p: Pick<Policy, "amount" | "unit">) =>
  t(`rules.term.${p.unit}`, { n: p.amount });

const some = <T>(list: readonly T[] | undefined): readonly T[] => list ?? [];

/** Which demands a policy is for, in words. */
export function conditions(t: Translate, p: Policy, names: Names): string {
  const parts = [
    p.by_hand ? t("rules.by_hand") : "",
    some(p.channels)
      .map((c) => t(`channel.${c}`))
      .join(", "),
    some(p.kinds)
      .map((k) => t(`kind.${k}`))
      .join(", "),
    some(p.priorities)
      .map((n) => t("rules.priority", { name: t(`priority.${n as (typeof priorities)[number]}`) }))
      .join(", "),
    some(p.teams)
      .map((id) => names.teams.find((x) => x.id === id)?.name ?? String(id))
      .join(", "),
    some(p.segments)
      .map((id) => names.segments.find((x) => x.id === id)?.name ?? id)
      .join(", "),
    p.walled == null ? "" : t(p.walled ? "rules.walled" : "rules.not_walled"),
    p.valid_from ? t("rules.from", { day: dayInWords(p.valid_from) }) : "",
    p.valid_to ? t("rules.to", { day: dayInWords(p.valid_to) }) : "",
  ].filter(Boolean);
  return parts.length > 0 ? parts.join(" · ") : t("rules.everything");
}

/** How sure a regime is, and who has checked it. */
export function evidence(t: Translate, r: Pick<Regime, "evidence" | "checked_by" | "checked_on">): string {
  const mark = t(`rules.evidence.${r.evidence}`);
  if (!r.checked_by) return mark;
  const checked = t("rules.checked", { by: r.checked_by, on: dayInWords(r.checked_on ?? "") });
  return r.evidence === "unconfirmed" ? checked : `${mark} · ${checked}`;
}

export const rungStages = [50, 75, 90, 100] as const;
export const rises = ["holder", "supervisors", "priority", "reassign"] as const;

/** A step of an escalation ladder: when it comes, and what it does. */
export function rung(t: Translate, r: Rung, names: Names): { when: string; what: string } {
  const team = names.teams.find((x) => x.id === r.team_id)?.name;
  return {
    when: r.after ? t("ladder.after.short", { n: r.after }) : t(`ladder.stage.${r.stage}`),
    what: [t(`ladder.act.${r.act}`), team].filter(Boolean).join(": "),
  };
}
