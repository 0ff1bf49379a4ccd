import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiError, isCode } from "../../../api/client";
import type { Clock, TicketRow } from "../../../api/types";
import { now } from "../../../lib/clock";
import { useText } from "../../../lib/i18n";
import { dayAndTime, timeZone } from "../../../lib/time";
import { instantIn, localIn } from "../../../lib/zoned";
import { Button } from "../../../ui/Button";
import { Dialog } from "../../../ui/Dialog";
import { AreaField, CheckField, Field } from "../../../ui/Field";
import { toast } from "../../../ui/toast";
import { refetchTicket } from "../api";
import styles from "../dialogs.module.css";
import { correctPause, type PauseOf, tellClocks } from "./api";
import own from "./dialogs.module.css";

interface CorrectProps {
  row: TicketRow;
  clock: Clock;
  pause: PauseOf;
  onClose: () => void;
}

/** Shortens a pause to when it really ended, or takes it back; the deadline is then counted anew. */
export default function CorrectDialog({ row, clock, pause, onClose }: CorrectProps) {
  const t = useText();
  const cache = useQueryClient();
  const zone = timeZone();
  const [how, setHow] = useState<"end" | "undo">("end");
  const [to, setTo] = useState(() => localIn(zone, pause.to ? Date.parse(pause.to) : now()));
  const [reason, setReason] = useState("");
  const [accepted, setAccepted] = useState(false);
  const [tried, setTried] = useState(false);
  const end = instantOf(zone, to);
  const until = pause.to ? Date.parse(pause.to) : now();
  const outside = how === "end" && (end === undefined || end < Date.parse(pause.from) || end >= until);
  const correcting = useMutation({
    mutationFn: () =>
      tellClocks(
        cache,
        row.id,
        correctPause(row.id, clock.id, pause.id, {
          ...(how === "end" && { to: new Date(end!).toISOString() }),
          reason: reason.trim(),
          ...(accepted && { breach: true }),
        }),
      ),
    onSuccess: (all) => {
      const after = all.find((c) => c.id === clock.id);
      toast(t("clocks.amend.done", { due: after ? dayAndTime(after.due) : "" }));
      onClose();
    },
    onSettled: () => refetchTicket(cache, row.id),
  });
  const breaks = isCode(correcting.error, "pause_breaks");
  const refused = correcting.error instanceof ApiError ? correcting.error : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (!outside && reason.trim() !== "" && (!breaks || accepted) && !correcting.isPending)
      correcting.mutate();
  };
  const choice = (value: "end" | "undo") => (
    <label className={own.choice}>
      <input type="radio" name="how" checked={how === value} onChange={() => setHow(value)} />
      <span>{t(`clocks.amend.${value}`)}</span>
      <span className={own.quiet}>{t(`clocks.amend.${value}.hint`)}</span>
    </label>
  );
  return (
    <Dialog open onClose={onClose} title={t("clocks.amend.title")}>
      <form className={styles.form} onSubmit={submit} noValidate>
        <p className={own.lead}>
          {pause.to
            ? t("clocks.amend.was", { from: dayAndTime(pause.from), to: dayAndTime(pause.to) })
            : t("clocks.amend.runs", { from: dayAndTime(pause.from) })}
        </p>
        <fieldset className={own.choices}>
          <legend className="visually-hidden">{t("clocks.amend.title")}</legend>
          {choice("end")}
          {choice("undo")}
        </fieldset>
        {how === "end" && (
          <Field
            label={t("clocks.amend.to")}
            type="datetime-local"
            value={to}
            min={localIn(zone, Date.parse(pause.from))}
            max={localIn(zone, until)}
            error={
              tried && outside
                ? t("clocks.amend.outside", { from: dayAndTime(pause.from), to: dayAndTime(until) })
                : refused?.field("to")
            }
            onChange={(e) => setTo(e.target.value)}
          />
        )}
        <AreaField
          label={t("clocks.amend.reason")}
          error={tried && reason.trim() === "" ? t("clocks.reason.missing") : refused?.field("reason")}
          value={reason}
          rows={3}
          maxLength={500}
          required
          onChange={(e) => setReason(e.target.value)}
        />
        {refused && !refused.problem.errors?.length && (
          <p role="alert" className={own.wrong}>
            {refused.message}
          </p>
        )}
        {breaks && (
          <CheckField
            label={t("clocks.amend.breach")}
            hint={t("clocks.amend.breach.hint")}
            checked={accepted}
            onChange={setAccepted}
          />
        )}
        <Button look="primary" type="submit" busy={correcting.isPending} disabled={breaks && !accepted}>
          {t("clocks.amend")}
        </Button>
      </form>
    </Dialog>
  );
}

const instantOf = (zone: string, local: string): number | undefined =>
  local === "" ? undefined : instantIn(zone, local).getTime();
