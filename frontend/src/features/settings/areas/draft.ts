import type { Area, AreaGiven } from "../../../api/areas";

/** An area as the form's controls hold it. */
export interface Draft {
  name: string;
  /** Parted by blanks, commas or lines. */
  emails: string;
  /** Empty is none. */
  team: string;
  calendar: string;
  amount: string;
  unit: Area["unit"];
  remind: `${Area["remind_at"]}`;
  chaseEvery: string;
  chaseMost: string;
  hides: boolean;
  active: boolean;
}

/** What a form starts with: an area, or what most areas are like. */
export const draftOf = (a?: Area): Draft => ({
  name: a?.name ?? "",
  emails: a?.emails.join("\n") ?? "",
  team: a?.team_id ? String(a.team_id) : "",
  calendar: a?.calendar ?? "br",
  amount: String(a?.amount ?? 2),
  unit: a?.unit ?? "business_days",
  remind: `${a?.remind_at ?? 75}`,
  chaseEvery: String(a?.chase_every ?? 1),
  chaseMost: String(a?.chase_most ?? 3),
  hides: a?.hides ?? false,
  active: a?.active ?? true,
});

export const givenOf = (d: Draft): AreaGiven => ({
  name: d.name,
  emails: d.emails.split(/[\s,;]+/).filter(Boolean),
  team_id: d.team ? Number(d.team) : undefined,
  calendar: d.calendar,
  amount: Number(d.amount),
  unit: d.unit,
  remind_at: Number(d.remind) as Area["remind_at"],
  chase_every: Number(d.chaseEvery),
  chase_most: Number(d.chaseMost),
  hides: d.hides,
  active: d.active,
});
