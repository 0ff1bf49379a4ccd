import { useMutation, useQuery } from "@tanstack/react-query";
import { ArrowLeft } from "lucide-react";
import { type FormEvent, useState } from "react";
import { type Area, saveArea } from "../../../api/areas";
import { calendarsQuery } from "../../../api/calendars";
import { ApiError } from "../../../api/client";
import type { Team } from "../../../api/types";
import { useText } from "../../../lib/i18n";
import { Button, IconButton } from "../../../ui/Button";
import { AreaField, CheckField, Field, SelectField } from "../../../ui/Field";
import styles from "../settings.module.css";
import own from "./areas.module.css";
import { type Draft, draftOf, givenOf } from "./draft";
import { ExampleDue } from "./ExampleDue";

const units = ["business_days", "business_hours", "calendar_days", "minutes"] as const;
const reminders = ["0", "50", "75", "90"] as const;

interface AreaFormProps {
  area?: Area;
  teams: readonly Team[];
  onSaved: (area: Area) => void;
  onClose: () => void;
}

/** One area: how it is reached, how long it has, and how it is reminded. */
export function AreaForm({ area, teams, onSaved, onClose }: AreaFormProps) {
  const t = useText();
  const [draft, setDraft] = useState(() => draftOf(area));
  const calendars = useQuery(calendarsQuery).data ?? [];
  const save = useMutation({ mutationFn: () => saveArea(area?.id, givenOf(draft)), onSuccess: onSaved });
  const problem = save.error instanceof ApiError ? save.error : undefined;
  const wrong = (field: string) => problem?.field(field);
  const set = (change: Partial<Draft>) => setDraft({ ...draft, ...change });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form onSubmit={submit} className={own.form}>
      <header className={own.head}>
        <IconButton label={t("area.all")} icon={<ArrowLeft />} onClick={onClose} />
        <h2>{area?.name ?? t("area.add")}</h2>
      </header>
      <fieldset className={own.section}>
        <legend>{t("area.part.who")}</legend>
        <Field
          label={t("area.called")}
          hint={t("area.called.hint")}
          value={draft.name}
          onChange={(e) => set({ name: e.target.value })}
          error={wrong("name")}
          maxLength={80}
          required
          autoFocus
        />
        <AreaField
          label={t("area.emails")}
          hint={t("area.emails.hint")}
          value={draft.emails}
          onChange={(e) => set({ emails: e.target.value })}
          error={wrong("emails")}
          rows={2}
        />
        <SelectField
          label={t("area.team")}
          hint={t("area.team.hint")}
          value={draft.team}
          options={[
            { value: "", name: t("area.team.none") },
            ...teams.map((x) => ({ value: String(x.id), name: x.name })),
          ]}
          onChange={(team) => set({ team })}
          error={wrong("team_id")}
        />
        <CheckField
          label={t("area.hides")}
          hint={t("area.hides.usually")}
          checked={draft.hides}
          onChange={(hides) => set({ hides })}
        />
      </fieldset>
      <fieldset className={own.section}>
        <legend>{t("area.part.term")}</legend>
        <div className={own.pair}>
          <Field
            label={t("area.amount")}
            type="number"
            min={1}
            value={draft.amount}
            onChange={(e) => set({ amount: e.target.value })}
            error={wrong("amount")}
            required
          />
          <SelectField
            label={t("area.unit")}
            value={draft.unit}
            options={units.map((value) => ({ value, name: t(`area.unit.${value}`) }))}
            onChange={(unit) => set({ unit })}
            error={wrong("unit")}
          />
        </div>
        <SelectField
          label={t("area.calendar")}
          value={draft.calendar}
          options={[
            ...calendars.map(({ id, name }) => ({ value: id, name })),
            ...(calendars.some(({ id }) => id === draft.calendar)
              ? []
              : [{ value: draft.calendar, name: draft.calendar }]),
          ]}
          onChange={(calendar) => set({ calendar })}
          error={wrong("calendar")}
        />
        <ExampleDue calendar={draft.calendar} amount={Number(draft.amount)} unit={draft.unit} />
      </fieldset>
      <fieldset className={own.section}>
        <legend>{t("area.part.remind")}</legend>
        <SelectField
          label={t("area.remind")}
          value={draft.remind}
          options={reminders.map((value) => ({ value, name: t(`area.remind.${value}`) }))}
          onChange={(remind) => set({ remind })}
          error={wrong("remind_at")}
        />
        <div className={own.pair}>
          <Field
            label={t("area.chase.most")}
            hint={t("area.chase.most.hint")}
            type="number"
            min={0}
            max={20}
            value={draft.chaseMost}
            onChange={(e) => set({ chaseMost: e.target.value })}
            error={wrong("chase_most")}
            required
          />
          <Field
            label={t("area.chase.every")}
            type="number"
            min={1}
            max={30}
            value={draft.chaseEvery}
            onChange={(e) => set({ chaseEvery: e.target.value })}
            error={wrong("chase_every")}
            disabled={draft.chaseMost === "0"}
            required
          />
        </div>
      </fieldset>
      {area && (
        <CheckField
          label={t("area.active")}
          hint={t("area.active.hint")}
          checked={draft.active}
          onChange={(active) => set({ active })}
        />
      )}
      {save.error && (
        <p role="alert" className={styles.error}>
          {save.error.message}
        </p>
      )}
      <p>
        <Button look="primary" type="submit" busy={save.isPending}>
          {t("ui.save")}
        </Button>{" "}
        <Button look="quiet" onClick={onClose}>
          {t("area.back")}
        </Button>
      </p>
    </form>
  );
}
