import { Plus, X } from "lucide-react";
import type { OpenHours } from "../../../api/calendars";
import { type TextId, useText } from "../../../lib/i18n";
import { Button, IconButton } from "../../../ui/Button";
import styles from "../settings.module.css";
import own from "./calendars.module.css";
import { clock, hoursOf, weekOrder } from "./model";

const names: Record<number, TextId> = {
  0: "calendar.weekday.0",
  1: "calendar.weekday.1",
  2: "calendar.weekday.2",
  3: "calendar.weekday.3",
  4: "calendar.weekday.4",
  5: "calendar.weekday.5",
  6: "calendar.weekday.6",
};

interface WeekHoursProps {
  week: readonly (readonly OpenHours[])[];
  onChange: (week: OpenHours[][]) => void;
  wrong: (field: string) => string | undefined;
}

/** The hours of each weekday; several a day, and past midnight. */
export function WeekHours({ week, onChange, wrong }: WeekHoursProps) {
  const t = useText();
  const set = (day: number, hours: OpenHours[]) => onChange(week.map((h, i) => (i === day ? hours : [...h])));
  return (
    <div className={own.week}>
      {weekOrder.map((day) => {
        const hours = week[day] ?? [];
        const name = t(names[day]!);
        const error = wrong(`week[${day}]`);
        const change = (i: number, from: string, to: string) => {
          const next = hoursOf(from, to);
          if (next)
            set(
              day,
              hours.map((h, j) => (j === i ? next : h)),
            );
        };
        return (
          // biome-ignore lint/a11y/useSemanticElements: a group within a group of its own form
          <div key={day} role="group" aria-label={name} className={own.weekday}>
            <strong>{name}</strong>
            <div className={own.intervals}>
              {hours.length === 0 && <span className={styles.quiet}>{t("calendar.closed")}</span>}
              {hours.map((h, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: its place is what the interval is known by
                <span key={i} className={own.interval}>
                  <input
                    type="time"
                    aria-label={t("calendar.opens", { day: name })}
                    value={clock(h.from)}
                    onChange={(e) => change(i, e.target.value, clock(h.to))}
                  />
                  –
                  <input
                    type="time"
                    aria-label={t("calendar.closes", { day: name })}
                    value={clock(h.to)}
                    onChange={(e) => change(i, clock(h.from), e.target.value)}
                  />
                  {h.to > 1440 && <span className={styles.quiet}>{t("roster.shift.next_day")}</span>}
                  <IconButton
                    label={t("calendar.hours.remove", { day: name, from: clock(h.from) })}
                    icon={<X />}
                    onClick={() =>
                      set(
                        day,
                        hours.filter((_, j) => j !== i),
                      )
                    }
                  />
                </span>
              ))}
              {error && <span className={styles.error}>{error}</span>}
            </div>
            <Button
              look="quiet"
              icon={<Plus aria-hidden />}
              aria-label={t("calendar.hours.add.to", { day: name })}
              onClick={() => set(day, [...hours, following(hours)])}
            >
              {t("calendar.hours.add")}
            </Button>
          </div>
        );
      })}
    </div>
  );
}

/** What an added interval starts as: office hours, or an hour after the last. */
function following(hours: readonly OpenHours[]): OpenHours {
  const last = hours.at(-1);
  if (!last) return { from: 480, to: 1080 };
  const from = Math.min(last.to + 60, 1380);
  return { from, to: Math.min(from + 240, 1440) };
}
