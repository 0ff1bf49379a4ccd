import type { Calendar, CalendarGiven, OpenHours } from "../../../api/calendars";

const day = 24 * 60;

/** The weekdays in the order of a Brazilian working week. */
export const weekOrder = [1, 2, 3, 4, 5, 6, 0] as const;

/** What is saved of a calendar; a new one keeps office hours. */
export function givenOf(c: Calendar | undefined, zone: string): CalendarGiven {
  const office: OpenHours[] = [{ from: 480, to: 1080 }];
  if (!c)
    return {
      name: "",
      zone,
      week: [[], office, office, office, office, office, []],
      holidays: "national",
      state: "",
      optional: false,
      days: [],
    };
  const { name, week, holidays, state, optional, days } = c;
  return { name, zone: c.zone, week, holidays, state, optional, days };
}

/** "08:30" of minutes since midnight; past midnight it is the next day's clock. */
export const clock = (minutes: number) => {
  const of = minutes % day;
  return `${String(Math.floor(of / 60)).padStart(2, "0")}:${String(of % 60).padStart(2, "0")}`;
};

/** Hours of two times of the clock; those that do not end later end on the next day. */
export function hoursOf(from: string, to: string): OpenHours | undefined {
  const [a, b] = [minutes(from), minutes(to)];
  if (a === undefined || b === undefined) return undefined;
  return { from: a, to: b > a ? b : b + day };
}

function minutes(text: string): number | undefined {
  const found = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  return found ? Number(found[1]) * 60 + Number(found[2]) : undefined;
}

/** "08:00–12:00, 13:00–18:00" */
export const hoursText = (hours: readonly OpenHours[]) =>
  hours.map((h) => `${clock(h.from)}–${clock(h.to)}`).join(", ");

/** The days of a month as rows of a week that begins on Monday; 0 where there is none. */
export function monthGrid(year: number, month: number): number[] {
  const blank = (new Date(Date.UTC(year, month, 1)).getUTCDay() + 6) % 7;
  const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return [...Array<number>(blank).fill(0), ...Array.from({ length: last }, (_, i) => i + 1)];
}

export const dateOf = (year: number, month: number, dayOfMonth: number) =>
  `${year}-${String(month + 1).padStart(2, "0")}-${String(dayOfMonth).padStart(2, "0")}`;
