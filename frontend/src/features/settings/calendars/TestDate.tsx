import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { type TestUnit, testDateQuery, testUnits } from "../../../api/calendars";
import { type TextId, useText } from "../../../lib/i18n";
import { calendarDay, dayAndTime } from "../../../lib/time";
import { Field, SelectField } from "../../../ui/Field";
import styles from "../settings.module.css";
import own from "./calendars.module.css";

const unitNames: Record<TestUnit, TextId> = {
  business: "area.unit.business_days",
  calendar: "area.unit.calendar_days",
  hours: "area.unit.business_hours",
};

/** Tries a date against a calendar as it is saved: when the term ends, and why. */
export function TestDate({ calendar }: { calendar: string }) {
  const t = useText();
  const [start, setStart] = useState(() => calendarDay(Date.now()));
  const [amount, setAmount] = useState("5");
  const [unit, setUnit] = useState<TestUnit>("business");
  const asked = useDeferredValue(Number(amount));
  const test = useQuery(testDateQuery(calendar, start, Number.isInteger(asked) ? asked : 0, unit));
  return (
    <section className={own.test}>
      <h3>{t("calendar.test")}</h3>
      <div className={own.testFields}>
        <Field
          label={t("calendar.test.start")}
          type="date"
          value={start}
          onChange={(e) => setStart(e.target.value)}
        />
        <Field
          label={t("calendar.test.amount")}
          type="number"
          min={1}
          max={1000}
          value={amount}
          onChange={(e) => setAmount(e.target.value)}
        />
        <SelectField
          label={t("area.unit")}
          value={unit}
          options={testUnits.map((value) => ({ value, name: t(unitNames[value]) }))}
          onChange={setUnit}
        />
      </div>
      <div aria-live="polite">
        {test.isError && <p className={styles.error}>{test.error.message}</p>}
        {test.data && !test.isError && (
          <>
            <p>
              <strong>{t("calendar.test.due", { at: dayAndTime(test.data.due) })}</strong>
            </p>
            <ol className={`${own.steps} quiet-scroll`}>
              {test.data.explanation.map((s) => (
                <li key={s.from} data-counted={s.counted || undefined}>
                  <span className="numeric">{dayAndTime(s.from)}</span>
                  <span>{s.counted ? t("calendar.test.counted") : s.name || t(reasonName(s.reason))}</span>
                </li>
              ))}
            </ol>
          </>
        )}
      </div>
    </section>
  );
}

const reasons: Record<string, TextId> = {
  start_day: "calendar.reason.start_day",
  weekend: "calendar.reason.weekend",
  holiday: "calendar.reason.holiday",
  rolled: "calendar.reason.rolled",
};

const reasonName = (reason: string): TextId => reasons[reason] ?? "calendar.reason.closed";
