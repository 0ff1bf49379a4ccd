import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { ApiError } from "../../../api/client";
import { keys } from "../../../api/keys";
import type { Absence } from "../../../api/types";
import { useText } from "../../../lib/i18n";
import { dayAndTime, timeZone } from "../../../lib/time";
import { instantIn } from "../../../lib/zoned";
import { Button, IconButton } from "../../../ui/Button";
import { Field } from "../../../ui/Field";
import { toastError } from "../../../ui/toast";
import styles from "../settings.module.css";
import { addAbsence, removeAbsence } from "./api";
import own from "./routing.module.css";

interface AbsencesProps {
  account: number;
  absences: readonly Absence[];
}

const empty = { from: "", to: "", reason: "" };

/** When somebody is away: vacations, illness, training. */
export function Absences({ account, absences }: AbsencesProps) {
  const t = useText();
  const cache = useQueryClient();
  const [draft, setDraft] = useState(empty);
  const refresh = () => void cache.invalidateQueries({ queryKey: keys.profile(account) });
  const add = useMutation({
    mutationFn: () =>
      addAbsence(account, {
        from: instantIn(timeZone(), draft.from).toISOString(),
        to: instantIn(timeZone(), draft.to).toISOString(),
        reason: draft.reason,
      }),
    onSuccess: () => setDraft(empty),
    onSettled: refresh,
  });
  const drop = useMutation({ mutationFn: removeAbsence, onError: toastError, onSettled: refresh });
  const problem = add.error instanceof ApiError ? add.error : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <section className={own.absences} aria-label={t("roster.absences")}>
      <h3>{t("roster.absences")}</h3>
      <p className={styles.quiet}>{t("roster.absences.hint")}</p>
      {absences.length > 0 && (
        <ul className={own.chips}>
          {absences.map((a) => (
            <li key={a.id}>
              <span>
                {t("roster.absence", { from: dayAndTime(a.from), to: dayAndTime(a.to) })}
                {a.reason && `, ${a.reason}`}
              </span>
              <IconButton
                label={t("roster.absence.remove", { from: dayAndTime(a.from) })}
                icon={<Trash2 />}
                onClick={() => drop.mutate(a.id)}
              />
            </li>
          ))}
        </ul>
      )}
      <form className={own.fields} onSubmit={submit}>
        <Field
          label={t("roster.absence.from")}
          type="datetime-local"
          value={draft.from}
          onChange={(e) => setDraft({ ...draft, from: e.target.value })}
          required
        />
        <Field
          label={t("roster.absence.to")}
          type="datetime-local"
          value={draft.to}
          onChange={(e) => setDraft({ ...draft, to: e.target.value })}
          error={problem?.field("to") ?? problem?.message}
          required
        />
        <Field
          label={t("roster.absence.reason")}
          hint={t("roster.absence.reason.hint")}
          value={draft.reason}
          onChange={(e) => setDraft({ ...draft, reason: e.target.value })}
          maxLength={200}
        />
        <div>
          <Button type="submit" busy={add.isPending}>
            {t("roster.absence.add")}
          </Button>
        </div>
      </form>
    </section>
  );
}
