import { useMutation, useQuery } from "@tanstack/react-query";
import { ArrowLeft } from "lucide-react";
import { type FormEvent, useDeferredValue, useState } from "react";
import {
  type Calendar,
  type CalendarGiven,
  effectOf,
  removeCalendar,
  saveCalendar,
  yearQuery,
} from "../../../api/calendars";
import { ApiError } from "../../../api/client";
import { useText } from "../../../lib/i18n";
import { dayAndTime, timeZone } from "../../../lib/time";
import { zoneChoices } from "../../../lib/zones";
import { Button, IconButton } from "../../../ui/Button";
import { Dialog } from "../../../ui/Dialog";
import { CheckField, Field, SelectField } from "../../../ui/Field";
import { toast, toastError } from "../../../ui/toast";
import styles from "../settings.module.css";
import own from "./calendars.module.css";
import { ImportDays } from "./ImportDays";
import { givenOf } from "./model";
import { SpecialDays } from "./SpecialDays";
import { states } from "./states";
import { TestDate } from "./TestDate";
import { WeekHours } from "./WeekHours";
import { YearPicture } from "./YearPicture";

const lists = ["national", "bank", ""] as const;

interface CalendarFormProps {
  calendar?: Calendar;
  /** What a new one starts from. */
  from?: Calendar;
  onSaved: (calendar: Calendar) => void;
  onBrought: (calendar: Calendar) => void;
  onClose: () => void;
}

/** One calendar: its hours, the holidays that it keeps and its special days. */
export function CalendarForm({ calendar, from, onSaved, onBrought, onClose }: CalendarFormProps) {
  const t = useText();
  const [given, setGiven] = useState<CalendarGiven>(() => ({
    ...givenOf(calendar ?? from, timeZone()),
    ...(calendar ? {} : { name: "" }),
  }));
  const [year, setYear] = useState(() => new Date().getFullYear());
  const picture = useQuery(yearQuery({ ...useDeferredValue(given), name: "x" }, year));
  const effect = useMutation({ mutationFn: () => effectOf(calendar?.id ?? "", given) });
  const save = useMutation({ mutationFn: () => saveCalendar(calendar, given), onSuccess: onSaved });
  const remove = useMutation({
    mutationFn: () => removeCalendar(calendar?.id ?? ""),
    onSuccess: () => {
      toast(t("calendar.removed", { name: given.name }));
      onClose();
    },
    onError: (error) => {
      setRemoving(false);
      toastError(error);
    },
  });
  const [removing, setRemoving] = useState(false);
  const failed = save.error ?? effect.error;
  const wrong = (field: string) => (failed instanceof ApiError ? failed.field(field) : undefined);
  const set = (change: Partial<CalendarGiven>) => {
    setGiven({ ...given, ...change });
    effect.reset();
    save.reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    // Of a calendar that counts deadlines, what saving would move is shown first.
    if (calendar && !effect.data)
      effect.mutate(undefined, { onSuccess: (told) => told.moved === 0 && save.mutate() });
    else save.mutate();
  };
  const told = effect.data && effect.data.moved > 0 ? effect.data : undefined;
  return (
    <form onSubmit={submit} className={own.form}>
      <header className={own.head}>
        <IconButton label={t("calendar.all")} icon={<ArrowLeft />} onClick={onClose} />
        <h2>{calendar?.name ?? t("calendar.add")}</h2>
      </header>
      <div className={own.pair}>
        <Field
          label={t("calendar.name")}
          value={given.name}
          onChange={(e) => set({ name: e.target.value })}
          error={wrong("name")}
          maxLength={80}
          required
        />
        <SelectField
          label={t("calendar.zone")}
          value={given.zone}
          options={zoneChoices(given.zone)}
          onChange={(zone) => set({ zone })}
          error={wrong("zone")}
        />
      </div>
      <fieldset className={own.section}>
        <legend>{t("calendar.part.week")}</legend>
        <WeekHours week={given.week} onChange={(week) => set({ week })} wrong={wrong} />
        {wrong("week") && (
          <p role="alert" className={styles.error}>
            {wrong("week")}
          </p>
        )}
      </fieldset>
      <fieldset className={own.section}>
        <legend>{t("calendar.part.holidays")}</legend>
        <div className={own.pair}>
          <SelectField
            label={t("calendar.holidays")}
            value={given.holidays}
            options={lists.map((value) => ({ value, name: t(`calendar.holidays.${value || "none"}`) }))}
            onChange={(holidays) => set({ holidays })}
            error={wrong("holidays")}
          />
          <SelectField
            label={t("calendar.state")}
            value={given.state}
            options={[
              { value: "", name: t("calendar.state.none") },
              ...Object.entries(states).map(([value, name]) => ({ value, name })),
            ]}
            onChange={(state) => set({ state })}
            error={wrong("state")}
          />
        </div>
        <CheckField
          label={t("calendar.optional")}
          hint={t("calendar.optional.hint")}
          checked={given.optional}
          onChange={(optional) => set({ optional })}
        />
      </fieldset>
      <fieldset className={own.section}>
        <legend>{t("calendar.days")}</legend>
        <SpecialDays days={given.days} onChange={(days) => set({ days })} wrong={wrong} />
        {calendar && (
          <ImportDays
            calendar={calendar}
            onDone={(brought) => {
              toast(t("calendar.import.done", { n: brought.adds.length + brought.replaces.length }));
              onBrought(brought.calendar);
            }}
          />
        )}
      </fieldset>
      {picture.data && <YearPicture data={picture.data} onYear={setYear} />}
      {picture.isError && <p className={styles.quiet}>{t("calendar.year.not_yet")}</p>}
      {calendar && <TestDate calendar={calendar.id} />}
      {told && (
        <div role="alert" className={own.effect}>
          <strong>
            {t("calendar.effect", { n: told.moved, earlier: told.earlier, running: told.running })}
          </strong>
          <ul>
            {told.first.map((m) => (
              <li key={`${m.ticket.id} ${m.clock} ${m.policy}`}>
                {t("calendar.effect.one", {
                  protocol: m.ticket.protocol,
                  policy: m.policy,
                  from: dayAndTime(m.from),
                  to: dayAndTime(m.to),
                })}
              </li>
            ))}
          </ul>
          <p className={styles.quiet}>{t("calendar.effect.hint")}</p>
        </div>
      )}
      {failed && (
        <p role="alert" className={styles.error}>
          {failed.message}
        </p>
      )}
      <p className={own.actions}>
        <Button look="primary" type="submit" busy={save.isPending || effect.isPending}>
          {told ? t("calendar.save.anyway", { n: told.moved }) : t("ui.save")}
        </Button>
        <Button look="quiet" onClick={onClose}>
          {t("area.back")}
        </Button>
        {calendar && calendar.used_by.length === 0 && (
          <Button look="quiet" onClick={() => setRemoving(true)}>
            {t("calendar.remove")}
          </Button>
        )}
      </p>
      <Dialog
        open={removing}
        onClose={() => setRemoving(false)}
        title={t("calendar.remove.ask", { name: calendar?.name ?? "" })}
      >
        <div className={own.removing}>
          <p>{t("calendar.remove.means")}</p>
          <footer>
            <Button onClick={() => setRemoving(false)}>{t("area.back")}</Button>
            <Button look="primary" busy={remove.isPending} onClick={() => remove.mutate()}>
              {t("calendar.remove")}
            </Button>
          </footer>
        </div>
      </Dialog>
    </form>
  );
}
