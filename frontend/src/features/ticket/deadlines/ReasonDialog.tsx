import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiError } from "../../../api/client";
import type { Clock, TicketRow } from "../../../api/types";
import { useText } from "../../../lib/i18n";
import { Button } from "../../../ui/Button";
import { Dialog } from "../../../ui/Dialog";
import { AreaField } from "../../../ui/Field";
import { toast } from "../../../ui/toast";
import { refetchTicket } from "../api";
import styles from "../dialogs.module.css";
import { cancelClock, pauseClock, stopClock, tellClocks } from "./api";
import own from "./dialogs.module.css";

interface ReasonProps {
  act: "pause" | "cancel" | "stop";
  row: TicketRow;
  clock: Clock;
  onClose: () => void;
}

/** Asks for the words that an act on a deadline needs: they stand in its ledger and in the timeline. */
export default function ReasonDialog({ act, row, clock, onClose }: ReasonProps) {
  const t = useText();
  const cache = useQueryClient();
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState(false);
  const doing = useMutation<unknown>({
    mutationFn: () => {
      const why = reason.trim();
      if (act === "stop") return stopClock(row.id, clock.id, why);
      const told = act === "pause" ? pauseClock(row.id, clock.id, why) : cancelClock(row.id, clock.id, why);
      return tellClocks(cache, row.id, told);
    },
    onSuccess: () => {
      toast(t(`clocks.${act}.done`));
      onClose();
    },
    onSettled: () => refetchTicket(cache, row.id),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setMissing(reason.trim() === "");
    if (reason.trim() !== "" && !doing.isPending) doing.mutate();
  };
  const field =
    doing.error instanceof ApiError ? (doing.error.field("reason") ?? doing.error.field("how")) : undefined;
  return (
    <Dialog open onClose={onClose} title={t(`clocks.${act}.title`)}>
      <form className={styles.form} onSubmit={submit} noValidate>
        <p className={own.lead}>{t(`clocks.${act}.lead`, { policy: clock.policy })}</p>
        <AreaField
          label={t(`clocks.${act}.reason`)}
          hint={t(`clocks.${act}.hint`)}
          error={missing ? t("clocks.reason.missing") : field}
          value={reason}
          rows={3}
          maxLength={500}
          required
          onChange={(e) => {
            setReason(e.target.value);
            setMissing(false);
          }}
        />
        {doing.isError && !field && (
          <p role="alert" className={own.wrong}>
            {doing.error.message}
          </p>
        )}
        <Button look="primary" type="submit" busy={doing.isPending}>
          {t(`clocks.${act}`)}
        </Button>
      </form>
    </Dialog>
  );
}
