import type { Clock } from "../../../api/types";
import { currentLocale, type TextId, type Translate } from "../../../lib/i18n";
import { dayAndTime, dayOnly, roughSpan, sameDay, span, timeZone } from "../../../lib/time";
import { inDays, leftOf } from "./course";

const second = 1000;
const minute = 60 * second;

const termNames: Record<Clock["unit"], TextId> = {
  calendar_days: "rules.term.calendar_days",
  business_days: "rules.term.business_days",
  business_hours: "rules.term.business_hours",
  minutes: "rules.term.minutes",
};

/** "10 dias úteis" */
export const termText = (t: Translate, amount: number, unit: Clock["unit"]): string =>
  t(termNames[unit], { n: amount });

/** So much of a term: "3 dias úteis", "6 h 20 úteis", "40 min". */
export function amountText(t: Translate, clock: Pick<Clock, "unit">, amount: number): string {
  if (inDays(clock)) return termText(t, amount, clock.unit);
  const text = span(amount * second);
  return clock.unit === "business_hours" ? t("clocks.business", { span: text }) : text;
}

export type Mood = "calm" | "due" | "late" | "paused" | "done";

/** How loud a deadline is. */
export function moodOf(clock: Clock, now: number): Mood {
  if (clock.state === "paused") return "paused";
  if (clock.state === "missed") return "late";
  if (clock.state !== "running") return "done";
  if (Date.parse(clock.due) <= now) return "late";
  return Date.parse(clock.warn_at) <= now ? "due" : "calm";
}

/** Where a deadline stands, in a few words that go with time. */
export function standing(t: Translate, clock: Clock, now: number): string {
  if (clock.state === "paused") {
    const since = clock.pauses.at(-1)?.from ?? clock.started_at;
    const long = now - Date.parse(since);
    return long < minute ? t("clocks.paused.now") : t("clocks.paused", { span: roughSpan(long) });
  }
  if (clock.state !== "running") return t(`clock.state.${clock.state}`);
  const left = Date.parse(clock.due) - now;
  if (left <= 0) return t("clocks.late", { span: span(left) });
  const amount = leftOf(clock, now);
  // On the last day, and on those to which it was moved, what counts is the hour.
  return t("clocks.left", { left: amount > 0 ? amountText(t, clock, amount) : span(left) });
}

/** When it ends or ended. */
export function dueText(t: Translate, clock: Clock, now: number): string {
  const due = dayAndTime(clock.due);
  if (clock.state === "cancelled") return t("clocks.was_due", { due });
  if (clock.state === "paused") {
    const left = amountText(t, clock, leftOf(clock, now));
    return t("clocks.due.before", { left, due });
  }
  const past = Date.parse(clock.due) <= now;
  return t(past ? "deadline.fell" : "deadline.due", { due });
}

const evidences: Record<string, TextId> = {
  own: "rules.evidence.own",
  read: "rules.evidence.read",
  secondary: "rules.evidence.secondary",
  unconfirmed: "rules.evidence.unconfirmed",
};

export const evidenceText = (t: Translate, evidence: string): string =>
  t(evidences[evidence] ?? "rules.evidence.unconfirmed");

/** "23/11/2026" of a day as the wire writes it. */
export const plainDay = (day: string): string => day.split("-").reverse().join("/");

/** The days of a stretch, its end not in it: "seg., 23 de nov.", "seg., 23 a sex., 27 de nov.". */
export function daysText(from: number, to: number | undefined): string {
  const end = to === undefined ? from : to - 1;
  if (sameDay(from, end)) return dayOnly(from);
  return `${dayOnly(from)} – ${dayOnly(end)}`;
}

/** "sexta-feira, 11 de dezembro": a day as it stands in a letter. */
export const writtenDay = (at: string): string =>
  new Intl.DateTimeFormat(currentLocale(), {
    timeZone: timeZone(),
    weekday: "long",
    day: "numeric",
    month: "long",
  }).format(Date.parse(at));

/** "30%" */
export const percent = (n: number): string =>
  new Intl.NumberFormat(currentLocale(), { style: "percent", maximumFractionDigits: 0 }).format(n / 100);
