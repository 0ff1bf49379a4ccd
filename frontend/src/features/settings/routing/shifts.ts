import type { Shift } from "../../../api/types";

const day = 24 * 60;

/** "08:30" of minutes since midnight; past midnight it is the next day's clock. */
export function clock(minutes: number): string {
  const of = minutes % day;
  return `${String(Math.floor(of / 60)).padStart(2, "0")}:${String(of % 60).padStart(2, "0")}`;
}

/** Minutes since midnight of "08:30"; undefined for what is no time. */
export function minutesOf(text: string): number | undefined {
  const found = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  return found ? Number(found[1]) * 60 + Number(found[2]) : undefined;
}

/** The shifts of some days by two times; one that does not end later ends on the next day. */
export function shiftsOn(days: readonly number[], from: number, to: number): Shift[] {
  return days.map((weekday) => ({ weekday, from, to: to > from ? to : to + day }));
}

/** In the order of a Brazilian week that begins on Monday. */
export function inOrder(shifts: readonly Shift[]): Shift[] {
  const place = (s: Shift) => ((s.weekday + 6) % 7) * 2 * day + s.from;
  return [...shifts].sort((a, b) => place(a) - place(b));
}
