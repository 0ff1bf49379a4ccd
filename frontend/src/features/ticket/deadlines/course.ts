import type { Clock, Interval } from "../../../api/types";

const ms = (at: string) => Date.parse(at);

/** What a stretch of a deadline's course is: time that counts, that does not, a standstill, and what lies past the end. */
export type Part = "counted" | "skipped" | "paused" | "late" | "free" | "open";

export interface Stretch {
  from: number;
  to: number;
  part: Part;
  /** Whether it lies behind the instant at which the course was read. */
  past: boolean;
}

export interface Course {
  from: number;
  to: number;
  stretches: Stretch[];
  /** Where the term ended before it was extended. */
  extended?: number;
  /** The end without rolling or the limit with it, where they differ from the end. */
  other?: number;
  now?: number;
}

/** The course of a deadline from its start to its end, or as far as it has come, for a picture. */
export function courseOf(clock: Clock, now: number): Course {
  const from = ms(clock.started_at);
  const due = ms(clock.due);
  const stopped = clock.stopped_at ? ms(clock.stopped_at) : undefined;
  const standing = clock.state === "paused";
  const lives = standing || clock.state === "running";
  const since = standing ? ms(clock.pauses.at(-1)?.from ?? clock.started_at) : due;
  // What is left of a clock that stands still begins anew whenever it goes on.
  const to = standing ? now + Math.max(due - since, 0) : Math.max(due, lives ? now : (stopped ?? due));
  const until = standing ? since : Number.POSITIVE_INFINITY;
  const raw: Omit<Stretch, "past">[] = clock.explanation
    .filter((step) => ms(step.from) < until)
    .map((step) => ({
      from: ms(step.from),
      to: Math.min(step.to ? ms(step.to) : now, until),
      part: step.counted ? "counted" : step.reason === "paused" ? "paused" : "skipped",
    }));
  // Of a count in days a pause shows at the end of a day; it stands still since it began.
  if (standing) raw.push({ from: since, to: now, part: "paused" }, { from: now, to, part: "open" });
  if (to > due && !standing) raw.push({ from: due, to, part: "late" });
  const cut = stopped ?? now;
  const stretches: Stretch[] = [];
  for (const { from: a, to: b, part } of raw) {
    if (stopped !== undefined && b > stopped && part !== "late") {
      if (a < stopped) add(stretches, { from: a, to: stopped, part, past: true });
      add(stretches, { from: Math.max(a, stopped), to: b, part: "free", past: false });
    } else if (a < cut && cut < b) {
      add(stretches, { from: a, to: cut, part, past: true });
      add(stretches, { from: cut, to: b, part, past: false });
    } else add(stretches, { from: a, to: b, part, past: b <= cut });
  }
  return {
    from,
    to,
    stretches,
    extended: clock.extension ? ms(clock.extension.old_due) : undefined,
    other: otherEnd(clock),
    now: lives && now >= from && now <= to ? now : undefined,
  };
}

/** Neighbours that are alike are one. */
function add(list: Stretch[], next: Stretch): void {
  if (next.to <= next.from) return;
  const last = list.at(-1);
  if (last && last.part === next.part && last.past === next.past) last.to = next.to;
  else list.push(next);
}

/** The end that was promised without rolling, or the limit that the law gives with it, where it is not the end. */
export function otherEnd(clock: Clock): number | undefined {
  const due = ms(clock.due);
  const differs = (at: string | null) => at !== null && Math.abs(ms(at) - due) > 1000;
  if (clock.state === "paused") return undefined;
  if (differs(clock.target)) return ms(clock.target);
  return differs(clock.legal_limit) ? ms(clock.legal_limit!) : undefined;
}

export const inDays = (clock: Pick<Clock, "unit">): boolean => clock.unit.endsWith("_days");

/** The whole term: days of a term in days, seconds of others. */
export const termOf = (clock: Pick<Clock, "unit" | "amount">): number =>
  inDays(clock) ? clock.amount : clock.amount * (clock.unit === "minutes" ? 60 : 3600);

/**
 * What is left of a clock that runs or stands still, as its calendar counts: days
 * that have not begun yet, or seconds. Past its end it is 0.
 */
export function leftOf(clock: Clock, now: number): number {
  const counted = clock.explanation.filter((step) => step.counted);
  if (clock.state === "paused") return termOf(clock) - counted.reduce((sum, step) => sum + step.amount, 0);
  if (inDays(clock)) return counted.reduce((sum, step) => sum + (ms(step.from) > now ? step.amount : 0), 0);
  return counted.reduce((sum, { from, to }) => {
    const open = ms(to ?? from) - Math.max(ms(from), now);
    return sum + Math.max(open, 0) / 1000;
  }, 0);
}

/** A line of an explanation: neighbours that are alike, told together. */
export interface Line {
  from: number;
  /** Absent while it has no end. */
  to?: number;
  counted: boolean;
  reason: string;
  name: string;
  /** Of this line, and of all up to it; as in termOf. */
  amount: number;
  sum: number;
}

export function linesOf(clock: Clock): Line[] {
  const lines: Line[] = [];
  let sum = 0;
  for (const step of clock.explanation) {
    sum += step.amount;
    const last = lines.at(-1);
    if (last && alike(last, step) && joins(clock, step)) {
      last.to = step.to ? ms(step.to) : undefined;
      last.amount += step.amount;
      last.sum = sum;
      continue;
    }
    lines.push({
      from: ms(step.from),
      to: step.to ? ms(step.to) : undefined,
      counted: step.counted,
      reason: step.reason,
      name: step.name,
      amount: step.amount,
      sum,
    });
  }
  return lines;
}

const alike = (line: Line, step: Interval) =>
  line.counted === step.counted && line.reason === step.reason && line.name === step.name;

/** Hours are told stretch by stretch, days in a row. */
const joins = (clock: Clock, step: Interval) => inDays(clock) || !step.counted;
