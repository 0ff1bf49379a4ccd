import { Plus, X } from "lucide-react";
import { useState } from "react";
import type { Shift } from "../../../api/types";
import { type TextId, useText } from "../../../lib/i18n";
import { timeZone } from "../../../lib/time";
import { zoneChoices, zoneName } from "../../../lib/zones";
import { Button, IconButton } from "../../../ui/Button";
import { CheckField, Field, SelectField } from "../../../ui/Field";
import styles from "../settings.module.css";
import own from "./routing.module.css";
import { clock, inOrder, minutesOf, shiftsOn } from "./shifts";

interface ShiftsProps {
  shifts: readonly Shift[];
  zone: string;
  onChange: (change: { shifts?: Shift[]; zone?: string }) => void;
  error?: string;
}

const week = [1, 2, 3, 4, 5, 6, 0] as const;
const days: Record<number, TextId> = {
  0: "roster.day.0",
  1: "roster.day.1",
  2: "roster.day.2",
  3: "roster.day.3",
  4: "roster.day.4",
  5: "roster.day.5",
  6: "roster.day.6",
};

/** When somebody works: a week of shifts, and the form that adds some. */
export function Shifts({ shifts, zone, onChange, error }: ShiftsProps) {
  const t = useText();
  const [on, setOn] = useState<number[]>([1, 2, 3, 4, 5]);
  const [from, setFrom] = useState("08:00");
  const [to, setTo] = useState("17:00");
  const [begin, end] = [minutesOf(from), minutesOf(to)];
  const add = () => {
    if (begin === undefined || end === undefined) return;
    const fresh = shiftsOn(on, begin, end);
    const kept = shifts.filter((s) => !fresh.some((f) => f.weekday === s.weekday && f.from === s.from));
    onChange({ shifts: inOrder([...kept, ...fresh]) });
  };
  return (
    <fieldset className={own.bounds}>
      <legend>{t("roster.shifts")}</legend>
      <p className={styles.quiet}>{t("roster.shifts.hint")}</p>
      {shifts.length > 0 && (
        <ul className={own.chips} aria-label={t("roster.shifts")}>
          {inOrder(shifts).map((s) => (
            <li key={`${s.weekday} ${s.from}`}>
              <span>
                {t(days[s.weekday]!)}{" "}
                <span className="numeric">
                  {clock(s.from)}–{clock(s.to)}
                </span>
                {s.to > 1440 && ` ${t("roster.shift.next_day")}`}
              </span>
              <IconButton
                label={t("roster.shift.remove", { day: t(days[s.weekday]!), from: clock(s.from) })}
                icon={<X />}
                onClick={() => onChange({ shifts: shifts.filter((other) => other !== s) })}
              />
            </li>
          ))}
        </ul>
      )}
      {/* biome-ignore lint/a11y/useSemanticElements: a group within a group of its own form */}
      <div className={own.add} role="group" aria-label={t("roster.shift.add")}>
        <div className={own.days}>
          {week.map((day) => (
            <CheckField
              key={day}
              label={t(days[day]!)}
              checked={on.includes(day)}
              onChange={(checked) => setOn(checked ? [...on, day] : on.filter((d) => d !== day))}
            />
          ))}
        </div>
        <div className={own.times}>
          <Field
            label={t("roster.from")}
            type="time"
            value={from}
            onChange={(e) => setFrom(e.target.value)}
          />
          <Field label={t("roster.to")} type="time" value={to} onChange={(e) => setTo(e.target.value)} />
          <Button
            icon={<Plus aria-hidden />}
            onClick={add}
            disabled={on.length === 0 || begin === undefined || end === undefined}
          >
            {t("roster.shift.add")}
          </Button>
        </div>
      </div>
      {error && <p className={styles.error}>{error}</p>}
      <div className={own.zone}>
        <SelectField
          label={t("roster.zone")}
          value={zone}
          options={[
            { value: "", name: t("roster.zone.usual", { zone: zoneName(timeZone()) }) },
            ...zoneChoices(zone),
          ]}
          onChange={(next) => onChange({ zone: next })}
        />
      </div>
    </fieldset>
  );
}
