import { ChevronLeft, ChevronRight } from "lucide-react";
import { type KeyboardEvent, useId, useRef, useState } from "react";
import type { CalendarYear, UnusualDay } from "../../../api/calendars";
import { currentLocale, type TextId, useText } from "../../../lib/i18n";
import { IconButton } from "../../../ui/Button";
import own from "./calendars.module.css";
import { dateOf, hoursText, monthGrid } from "./model";

const origins = ["national", "bank", "state", "optional", "special"] as const;

const originNames: Record<UnusualDay["origin"], TextId> = {
  national: "calendar.origin.national",
  bank: "calendar.origin.bank",
  state: "calendar.origin.state",
  optional: "calendar.origin.optional",
  special: "calendar.origin.special",
};

/** The letter that tells a kind of day apart where colour does not. */
const marks: Record<UnusualDay["origin"], string> = {
  national: "N",
  bank: "B",
  state: "E",
  optional: "P",
  special: "★",
};

interface YearPictureProps {
  data: CalendarYear;
  onYear: (year: number) => void;
}

/**
 * A year at a glance: twelve months, the days that are not ordinary ones marked by
 * colour and letter. The marked days are one stop of Tab; arrows go from one to the next.
 */
export function YearPicture({ data, onYear }: YearPictureProps) {
  const t = useText();
  const about = useId();
  const picture = useRef<HTMLDivElement>(null);
  const [looked, setLooked] = useState<string>();
  const [stop, setStop] = useState(0);
  const days = new Map(data.days.map((d) => [d.day, d]));
  const at = Math.min(stop, data.days.length - 1);
  const named = (d: UnusualDay) => `${longDay(d.day)}: ${d.name}${kept(d)}`;
  const kept = (d: UnusualDay) =>
    d.hours.length > 0
      ? ` (${t("calendar.day.open", { hours: hoursText(d.hours) })})`
      : d.rest
        ? ` (${t("calendar.day.rest")})`
        : "";
  const move = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const next =
      event.key === "Home"
        ? 0
        : event.key === "End"
          ? data.days.length - 1
          : step === undefined
            ? -1
            : at + step;
    if (next < 0 || next >= data.days.length) return;
    event.preventDefault();
    setStop(next);
    picture.current?.querySelector<HTMLElement>(`[data-day="${data.days[next]!.day}"]`)?.focus();
  };
  const seen = looked ? days.get(looked) : undefined;
  return (
    <section className={own.year} aria-labelledby={about}>
      <header className={own.yearHead}>
        <IconButton
          label={t("calendar.year.before")}
          icon={<ChevronLeft />}
          onClick={() => onYear(data.year - 1)}
        />
        <h3 id={about} className="numeric">
          {t("calendar.year.of", { year: String(data.year) })}
        </h3>
        <IconButton
          label={t("calendar.year.next")}
          icon={<ChevronRight />}
          onClick={() => onYear(data.year + 1)}
        />
        <p className={own.looked} aria-hidden>
          {seen ? named(seen) : t("calendar.year.hint", { n: data.days.length })}
        </p>
      </header>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: keys move between the buttons within */}
      <div className={own.months} ref={picture} onKeyDown={move}>
        {Array.from({ length: 12 }, (_, month) => (
          <div key={dateOf(data.year, month, 1)} className={own.month}>
            <h4>{monthName(data.year, month)}</h4>
            <div className={own.days}>
              {monthGrid(data.year, month).map((n, i) => {
                const day = dateOf(data.year, month, n);
                const unusual = n > 0 ? days.get(day) : undefined;
                if (unusual) {
                  return (
                    <button
                      key={day}
                      type="button"
                      data-day={day}
                      data-origin={unusual.origin}
                      data-part={unusual.hours.length > 0 || undefined}
                      className={own.unusual}
                      tabIndex={data.days[at]?.day === day ? 0 : -1}
                      aria-label={`${named(unusual)}. ${t(originNames[unusual.origin])}`}
                      onMouseEnter={() => setLooked(day)}
                      onMouseLeave={() => setLooked(undefined)}
                      onFocus={() => {
                        setLooked(day);
                        setStop(data.days.indexOf(unusual));
                      }}
                      onBlur={() => setLooked(undefined)}
                    >
                      {n}
                      <sup aria-hidden>{marks[unusual.origin]}</sup>
                    </button>
                  );
                }
                const open = data.week[(i + 1) % 7];
                return (
                  <span key={n > 0 ? day : `blank ${i}`} className={n > 0 && !open ? own.rest : undefined}>
                    {n > 0 && n}
                  </span>
                );
              })}
            </div>
          </div>
        ))}
      </div>
      <ul className={own.legend}>
        {origins
          .filter((o) => data.days.some((d) => d.origin === o))
          .map((o) => (
            <li key={o}>
              <span className={own.unusual} data-origin={o} aria-hidden>
                {marks[o]}
              </span>
              {t(originNames[o])}
            </li>
          ))}
      </ul>
    </section>
  );
}

const utc = (options: Intl.DateTimeFormatOptions, at: string) =>
  new Intl.DateTimeFormat(currentLocale(), { timeZone: "UTC", ...options }).format(
    new Date(`${at}T12:00:00Z`),
  );

const monthName = (year: number, month: number) => utc({ month: "long" }, dateOf(year, month, 1));

/** "sexta-feira, 25 de dezembro" */
export const longDay = (at: string) => utc({ weekday: "long", day: "numeric", month: "long" }, at);

/** "25 de dez. de 2026" */
export const shortDay = (at: string) => utc({ day: "numeric", month: "short", year: "numeric" }, at);
