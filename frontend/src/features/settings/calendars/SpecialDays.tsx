import { Plus, X } from "lucide-react";
import { useState } from "react";
import type { SpecialDay } from "../../../api/calendars";
import { useText } from "../../../lib/i18n";
import { Button, IconButton } from "../../../ui/Button";
import { Field } from "../../../ui/Field";
import styles from "../settings.module.css";
import own from "./calendars.module.css";
import { hoursOf, hoursText } from "./model";
import { shortDay } from "./YearPicture";

interface SpecialDaysProps {
  days: readonly SpecialDay[];
  onChange: (days: SpecialDay[]) => void;
  wrong: (field: string) => string | undefined;
}

/** Dates on which the weekday does not count: closed, or with hours of their own. */
export function SpecialDays({ days, onChange, wrong }: SpecialDaysProps) {
  const t = useText();
  const [day, setDay] = useState("");
  const [reason, setReason] = useState("");
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const hours = hoursOf(from, to);
  const whole = from === "" && to === "";
  const add = () => {
    const fresh: SpecialDay = { day, reason: reason.trim(), hours: hours ? [hours] : [] };
    onChange([...days.filter((d) => d.day !== day), fresh].sort((a, b) => a.day.localeCompare(b.day)));
    setDay("");
    setReason("");
  };
  return (
    <>
      {days.length === 0 && <p className={styles.quiet}>{t("calendar.days.none")}</p>}
      {days.length > 0 && (
        <ul className={`${own.special} quiet-scroll`} aria-label={t("calendar.days")}>
          {days.map((d, i) => (
            <li key={d.day}>
              <span className="numeric">{shortDay(d.day)}</span>
              <span>
                {d.reason}
                {wrong(`days[${i}]`) && <span className={styles.error}> {wrong(`days[${i}]`)}</span>}
              </span>
              <span className={styles.quiet}>
                {d.hours.length > 0 ? hoursText(d.hours) : t("calendar.closed")}
                {d.source && ` · ${d.source}`}
              </span>
              <IconButton
                label={t("calendar.day.remove", { day: shortDay(d.day) })}
                icon={<X />}
                onClick={() => onChange(days.filter((other) => other !== d))}
              />
            </li>
          ))}
        </ul>
      )}
      {/* biome-ignore lint/a11y/useSemanticElements: a group within a group of its own form */}
      <div className={own.addDay} role="group" aria-label={t("calendar.day.add")}>
        <Field label={t("calendar.day")} type="date" value={day} onChange={(e) => setDay(e.target.value)} />
        <Field
          label={t("calendar.day.reason")}
          value={reason}
          maxLength={120}
          onChange={(e) => setReason(e.target.value)}
        />
        <Field
          label={t("calendar.day.from")}
          type="time"
          value={from}
          onChange={(e) => setFrom(e.target.value)}
        />
        <Field label={t("calendar.day.to")} type="time" value={to} onChange={(e) => setTo(e.target.value)} />
        <Button
          icon={<Plus aria-hidden />}
          disabled={day === "" || reason.trim() === "" || !(whole || hours)}
          onClick={add}
        >
          {t("calendar.day.add")}
        </Button>
      </div>
      <p className={styles.quiet}>{t("calendar.day.hint")}</p>
    </>
  );
}
