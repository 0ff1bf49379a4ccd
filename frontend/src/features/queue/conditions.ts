import type { SavedCondition } from "../../api/types";

export const conditionFields = [
  "status",
  "is",
  "assignee",
  "team",
  "kind",
  "channel",
  "priority",
  "legal_priority",
  "reason",
  "incident",
  "turn",
  "tag",
  "subject",
  "due",
  "waiting",
  "opened",
] as const;
export type ConditionField = (typeof conditionFields)[number];

/** How the parts of a group go together; none is "not any of them". */
export type Match = "all" | "any" | "none";

export const timed = (field: ConditionField) => field === "due" || field === "waiting" || field === "opened";

const beginnings: Partial<Record<ConditionField, string[]>> = {
  status: ["open"],
  is: ["breached"],
  assignee: ["me"],
  team: ["me"],
  incident: ["none"],
  turn: ["us"],
  priority: ["1"],
};

/** Whether people write what a condition asks for, instead of choosing it. */
export const written = (field: ConditionField) => field === "tag" || field === "subject";

/** What somebody wrote, as a condition keeps it. */
export const asWritten = (field: ConditionField, text: string) => {
  const words = text.trim().split(/\s+/);
  return field === "tag" ? words.join("-").toLowerCase() : words.join(" ");
};

/** A condition to begin with. */
export const newCondition = (field: ConditionField): SavedCondition =>
  timed(field)
    ? { field, op: field === "due" ? "within" : "over", minutes: 240 }
    : { field, op: "in", values: beginnings[field] ?? [] };

/** A rule as the group that a form shows: a lone condition is a group of one. */
export function partsOf(rule: SavedCondition): { match: Match; parts: SavedCondition[] } {
  if (rule.all) return { match: "all", parts: rule.all };
  if (rule.any) return { match: "any", parts: rule.any };
  if (rule.not?.any) return { match: "none", parts: rule.not.any };
  if (rule.not) return { match: "none", parts: [rule.not] };
  return { match: "all", parts: [rule] };
}

/** The rule of a group. */
export function withParts(match: Match, parts: SavedCondition[]): SavedCondition {
  if (match === "all") return { all: parts };
  return match === "any" ? { any: parts } : { not: { any: parts } };
}
