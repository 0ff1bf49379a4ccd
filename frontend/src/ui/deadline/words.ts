import type { Clock } from "../../api/types";
import type { TextId, Translate } from "../../lib/i18n";

const clockNames: Record<Clock["kind"], TextId> = {
  first_response: "clock.first_response",
  next_response: "clock.next_response",
  resolution: "clock.resolution",
  legal: "clock.legal",
  acknowledgement: "clock.acknowledgement",
  history: "clock.history",
  duty: "clock.duty",
  commitment: "clock.commitment",
};

export const clockName = (t: Translate, kind: string) =>
  t(clockNames[kind as Clock["kind"]] ?? "clock.other");

const pauseReasons: Record<string, TextId> = {
  waiting_customer: "paused.waiting_customer",
  waiting_third: "paused.waiting_third",
  answered: "paused.answered",
  complement: "paused.complement",
  by_hand: "paused.by_hand",
};

/** Why a clock stands still: a known reason in our words, anything else as it was written. */
export function pauseReason(t: Translate, reason: string): string {
  const known = pauseReasons[reason];
  return known ? t(known) : reason;
}

const skipReasons: Record<string, TextId> = {
  holiday: "skipped.holiday",
  weekend: "skipped.weekend",
  closed: "skipped.closed",
  paused: "skipped.paused",
  start_day: "skipped.start_day",
  rolled: "skipped.rolled",
};

export function skipReason(t: Translate, reason: string): string {
  const known = skipReasons[reason];
  return known ? t(known) : reason;
}

const holidays = [
  "confraternizacao",
  "carnaval_segunda",
  "carnaval_terca",
  "paixao",
  "tiradentes",
  "trabalho",
  "corpus_christi",
  "independencia",
  "aparecida",
  "finados",
  "republica",
  "consciencia_negra",
  "natal",
] as const;

/** The name of what was skipped: a holiday by its key, a pause by its reason, a special day as it was written. */
export function skipName(t: Translate, reason: string, name: string): string {
  if (reason === "paused") return pauseReason(t, name);
  const known = holidays.find((key) => key === name);
  return known ? t(`holiday.${known}`) : name;
}
