import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiError } from "../../../api/client";
import type { TicketRow } from "../../../api/types";
import { useText } from "../../../lib/i18n";
import { timeZone } from "../../../lib/time";
import { instantIn, localIn } from "../../../lib/zoned";
import { Button } from "../../../ui/Button";
import { Dialog } from "../../../ui/Dialog";
import { AreaField, Field } from "../../../ui/Field";
import { toast } from "../../../ui/toast";
import { refetchTicket } from "../api";
import styles from "../dialogs.module.css";
import { type Commitment, keepPromise, movePromise, withdrawPromise } from "./api";
import type { PromiseAct } from "./PromisesPart";
import own from "./promises.module.css";

interface PromiseProps {
  act: PromiseAct;
  row: TicketRow;
  promise: Commitment;
  onClose: () => void;
}

/** Asks why a promise is kept by hand, moved or withdrawn; its words stand in the timeline. */
export default function PromiseDialog({ act, row, promise, onClose }: PromiseProps) {
  const t = useText();
  const cache = useQueryClient();
  const zone = timeZone();
  const [reason, setReason] = useState("");
  const [due, setDue] = useState(localIn(zone, Date.parse(promise.due_at)));
  const [missing, setMissing] = useState(false);
  const doing = useMutation<unknown>({
    mutationFn: () => {
      const why = reason.trim();
      if (act === "keep") return keepPromise(row.id, promise, why);
      if (act === "withdraw") return withdrawPromise(row.id, promise, why);
      return movePromise(row.id, promise, why, instantIn(zone, due));
    },
    onSuccess: () => {
      toast(t(`promise.${act}.done`));
      onClose();
    },
    onSettled: () => refetchTicket(cache, row.id),
  });
  const field = (name: string) => (doing.error instanceof ApiError ? doing.error.field(name) : undefined);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const empty = reason.trim() === "";
    setMissing(empty);
    if (!empty && !doing.isPending) doing.mutate();
  };
  const explained = field("reason") ?? field("due_at");
  return (
    <Dialog open onClose={onClose} title={t(`promise.${act}.title`)}>
      <form className={styles.form} onSubmit={submit} noValidate>
        <p className={own.quiet}>“{promise.text}”</p>
        {act === "move" && (
          <Field
            label={t("promise.when")}
            type="datetime-local"
            value={due}
            error={field("due_at")}
            onChange={(e) => setDue(e.target.value)}
            required
          />
        )}
        <AreaField
          label={t(`promise.${act}.reason`)}
          value={reason}
          error={missing ? t("clocks.reason.missing") : field("reason")}
          rows={3}
          maxLength={500}
          required
          onChange={(e) => {
            setReason(e.target.value);
            setMissing(false);
          }}
        />
        {doing.isError && !explained && (
          <p role="alert" className={own.late}>
            {doing.error.message}
          </p>
        )}
        <Button look="primary" type="submit" busy={doing.isPending}>
          {t(`promise.${act}`)}
        </Button>
      </form>
    </Dialog>
  );
}
