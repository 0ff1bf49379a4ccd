import { currentLocale } from "./i18n";

// Dates are always shown in the desk's time zone, never the browser's: a
// deadline at 18:00 in São Paulo is the same deadline for someone in Manaus.
let zone = "America/Sao_Paulo";
const formats = new Map<string, Intl.DateTimeFormat>();

export function setTimeZone(name: string): void {
  if (name === zone) return;
  zone = name;
  formats.clear();
}

export const timeZone = () => zone;

function format(name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${name}|${currentLocale()}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(currentLocale(), { timeZone: zone, ...options });
    formats.set(key, found);
  }
  return found;
}

type Instant = string | number;
const date = (at: Instant) => new Date(at);

const dayKey = (at: Instant) =>
  format("key", { year: "numeric", month: "2-digit", day: "2-digit" }).format(date(at));

export const sameDay = (a: Instant, b: Instant) => dayKey(a) === dayKey(b);

/** "2026-11-22": the day as a date field holds it. */
export const calendarDay = (at: Instant) =>
  new Intl.DateTimeFormat("sv-SE", { timeZone: zone }).format(date(at));

/** "15:40" */
export const clockTime = (at: Instant) =>
  format("time", { hour: "2-digit", minute: "2-digit" }).format(date(at));

/** "dom., 22 de nov., 15:40" */
export const dayAndTime = (at: Instant) =>
  format("day-time", {
    weekday: "short",
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
  }).format(date(at));

/** "dom., 22 de nov." */
export const dayOnly = (at: Instant) =>
  format("day", { weekday: "short", day: "numeric", month: "short" }).format(date(at));

/** "22 de nov. de 2026" */
export const fullDate = (at: Instant) =>
  format("date", { day: "numeric", month: "short", year: "numeric" }).format(date(at));

/** The time alone today, the day with it on any other: what a message needs. */
export const shortMoment = (at: Instant, today: Instant) =>
  sameDay(at, today) ? clockTime(at) : dayAndTime(at);

/** The last instant of today in the desk's zone, for "vence hoje". */
export function endOfToday(at: number): number {
  const parts = format("hms", { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  const part: Record<string, number> = {};
  for (const { type, value } of parts.formatToParts(at)) part[type] = Number(value);
  const gone = (((part.hour ?? 0) * 60 + (part.minute ?? 0)) * 60 + (part.second ?? 0)) * 1000;
  return at - (at % 1000) - gone + 86_400_000 - 1;
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** A span as an instrument shows it: "4 d", "1 d 7 h", "5 h 20", "42 min", "9:41". Always positive. */
export function span(ms: number): string {
  const left = Math.abs(ms);
  if (left >= 3 * day) return `${Math.floor(left / day)} d`;
  if (left >= day) return `${Math.floor(left / day)} d ${Math.floor((left % day) / hour)} h`;
  if (left >= hour) {
    const minutes = Math.floor((left % hour) / minute);
    return `${Math.floor(left / hour)} h ${String(minutes).padStart(2, "0")}`;
  }
  if (left >= 10 * minute) return `${Math.floor(left / minute)} min`;
  return `${Math.floor(left / minute)}:${String(Math.floor((left % minute) / second)).padStart(2, "0")}`;
}

/** How often a span like this changes on screen. */
export const spanStep = (ms: number) => (Math.abs(ms) >= 10 * minute + second ? 30 * second : second);

/** A span in words, for a screen reader and for sentences: "2 horas", "14 minutos". */
export function spanInWords(ms: number): string {
  const left = Math.abs(ms);
  const [value, unit] =
    left >= 2 * day
      ? [Math.floor(left / day), "day"]
      : left >= hour
        ? [Math.floor(left / hour), "hour"]
        : [Math.floor(left / minute), "minute"];
  return new Intl.NumberFormat(currentLocale(), { style: "unit", unit, unitDisplay: "long" }).format(value);
}

/** Waiting time, coarse: "3 min", "2 h", "4 d". */
export function roughSpan(ms: number): string {
  const left = Math.max(0, ms);
  if (left >= day) return `${Math.floor(left / day)} d`;
  if (left >= hour) return `${Math.floor(left / hour)} h`;
  return `${Math.floor(left / minute)} min`;
}
