import type { Call } from "../../api/types";
import type { TextId, Translate } from "../../lib/i18n";
import { timeZone } from "../../lib/time";

/** A protocol as people read it aloud: year, day, and the rest in short groups. */
export const groups = (protocol: string): string[] =>
  protocol.length === 17
    ? [
        [0, 4],
        [4, 8],
        [8, 11],
        [11, 15],
        [15, 17],
      ].map(([from, to]) => protocol.slice(from, to))
    : [protocol];

/** The digits as words, group by group: "dois zero dois meia, um um dois dois, …". */
export const spelled = (t: Translate, protocol: string): string =>
  groups(protocol)
    .map((group) => [...group].map((digit) => t(`call.digit.${digit as Digit}`)).join(" "))
    .join(", ");

type Digit = "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9";

/** How long a call has taken, as a telephone shows it: "0:41", "12:05", "1:02:09". */
export function callTime(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number) => String(n).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** Who is on the line, as far as anybody knows: their name, their number, or nobody. */
export function callerName(t: Translate, call: Call): string {
  if (call.ticket.customer_id !== null) return call.ticket.customer_name;
  return call.caller || t("call.caller.unknown");
}

const why: Record<string, TextId> = {
  phone: "call.why.phone",
  email: "call.why.email",
  cpf: "call.why.cpf",
  cnpj: "call.why.cnpj",
  handle: "call.why.handle",
  earlier_call: "call.why.earlier_call",
  protocol: "call.why.protocol",
  name: "call.why.name",
};

export const whyWords = (t: Translate, code: string): string => (why[code] ? t(why[code]) : "");

const wall = (at: number) => {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone: timeZone(),
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  }).formatToParts(at);
  const part = (type: string) => parts.find((p) => p.type === type)?.value ?? "";
  return {
    day: `${part("year")}-${part("month")}-${part("day")}`,
    time: `${part("hour")}:${part("minute")}`,
  };
};

/** The day and the time of an instant in the desk's zone, as date and time fields take them. */
export const onTheWall = wall;

/** The instant at which clocks in the desk's zone show this. */
export function fromTheWall(day: string, time: string): number {
  const asked = Date.parse(`${day}T${time}Z`);
  let at = asked;
  for (let again = 0; again < 2; again++) {
    const shown = wall(at);
    at += asked - Date.parse(`${shown.day}T${shown.time}Z`);
  }
  return at;
}
