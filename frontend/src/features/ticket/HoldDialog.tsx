import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useText } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { AreaField } from "../../ui/Field";
import { hold, lift } from "./retention";
import styles from "./TransferDialog.module.css";

interface HoldDialogProps {
  ticketId: number;
  /** The hold to lift; without it one is put. */
  holdId?: number;
  onDone: () => void;
  onClose: () => void;
}

/** Puts a ticket under a legal hold, or lifts one: with a reason either way. */
export default function HoldDialog({ ticketId, holdId, onDone, onClose }: HoldDialogProps) {
  const t = useText();
  const [reason, setReason] = useState("");
  const act = useMutation({
    mutationFn: () => (holdId ? lift(holdId, reason.trim()) : hold(ticketId, reason.trim())),
    onSuccess: onClose,
    onSettled: onDone,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (reason.trim() && !act.isPending) act.mutate();
  };
  const title = t(holdId ? "hold.lift" : "hold.put");
  return (
    <Dialog open onClose={onClose} title={title}>
      <form className={styles.form} onSubmit={submit}>
        <AreaField
          label={t("hold.reason")}
          hint={t(holdId ? "hold.lift.hint" : "hold.put.hint")}
          value={reason}
          maxLength={500}
          required
          onChange={(e) => setReason(e.target.value)}
        />
        {act.isError && (
          <p role="alert" className={styles.wrong}>
            {act.error.message}
          </p>
        )}
        <Button look="primary" type="submit" busy={act.isPending} disabled={!reason.trim()}>
          {title}
        </Button>
      </form>
    </Dialog>
  );
}
