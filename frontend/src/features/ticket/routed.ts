import type { Happened, Person } from "../../api/types";
import type { TextId, Translate } from "../../lib/i18n";
import { clockTime, dayAndTime, dayOnly, sameDay } from "../../lib/time";

const gone: Record<string, TextId> = {
  inactive: "routing.gone.inactive",
  absent: "routing.gone.absent",
  off_shift: "routing.gone.off_shift",
  offline: "routing.gone.offline",
};

/** Why somebody is not there, as the end of a sentence. */
export const goneBecause = (t: Translate, why: string): string => t(gone[why] ?? "routing.gone.other");

/** What is told of a ticket that was given out. */
export interface RoutedTold {
  due?: string | null;
  skills?: readonly string[];
  load?: number;
  capacity?: number;
  bond?: string;
  met?: string | null;
}

/** The reasons why it went to somebody, each a clause. */
export function reasonsOf(t: Translate, told: RoutedTold, now: number): string[] {
  const reasons = [dueOf(t, told.due, now)];
  if (told.skills && told.skills.length > 0) {
    reasons.push(t("routing.skills", { n: told.skills.length, names: told.skills.join(", ") }));
  }
  reasons.push(t("routing.load", { load: told.load ?? 0, capacity: told.capacity ?? 0 }));
  if (told.met && told.bond === "answered") {
    reasons.push(t("routing.bond.answered", { at: dayAndTime(told.met) }));
  }
  if (told.met && told.bond === "customer") {
    reasons.push(t("routing.bond.customer", { on: dayOnly(told.met) }));
  }
  return reasons;
}

function dueOf(t: Translate, due: string | null | undefined, now: number): string {
  if (!due) return t("routing.due.none");
  return sameDay(due, now)
    ? t("routing.due", { at: clockTime(due) })
    : t("routing.due.other", { at: dayAndTime(due) });
}

/** What the desk's giving out did to a ticket, and why. */
export function describeRouted(
  t: Translate,
  event: Happened,
  people: readonly Person[],
  now: number,
): string {
  const data = (event.data ?? {}) as RoutedTold & { from?: number; to?: number; gone?: string };
  const name = (id?: number) => people.find((p) => p.id === id)?.name ?? t("event.somebody");
  const why = goneBecause(t, data.gone ?? "");
  if (!data.to) return t("routing.taken", { from: name(data.from), why });
  const given = data.from
    ? t("routing.given.from", { name: name(data.to), from: name(data.from), why })
    : t("routing.given", { name: name(data.to) });
  return `${given}: ${reasonsOf(t, data, now).join(", ")}`;
}
