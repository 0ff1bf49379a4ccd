import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { hold, holdCustomer, lift } from "../api/retention";
import { useText } from "../lib/i18n";
import { Button } from "./Button";
import { Dialog } from "./Dialog";
import { AreaField } from "./Field";
import styles from "./HoldDialog.module.css";

interface HoldDialogProps {
  /** The hold to lift; without it one is put, on what is named below. */
  holdId?: number | undefined;
  ticketId?: number;
  /** Whose ticket it is, when all that is theirs can be held instead. */
  customer?: { id: number; name: string } | undefined;
  onDone: () => void;
  onClose: () => void;
}

/** Puts a ticket or a customer under a legal hold, or lifts one: with a reason either way. */
export default function HoldDialog({ holdId, ticketId, customer, onDone, onClose }: HoldDialogProps) {
  const t = useText();
  const [reason, setReason] = useState("");
  const [all, setAll] = useState(ticketId === undefined);
  const act = useMutation({
    mutationFn: () => {
      if (holdId) return lift(holdId, reason.trim());
      return all && customer ? holdCustomer(customer.id, reason.trim()) : hold(ticketId ?? 0, reason.trim());
    },
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
        {!holdId && customer && ticketId !== undefined && (
          <fieldset className={styles.scope}>
            <legend>{t("hold.scope")}</legend>
            <label>
              <input type="radio" name="scope" checked={!all} onChange={() => setAll(false)} />
              {t("hold.scope.ticket")}
            </label>
            <label>
              <input type="radio" name="scope" checked={all} onChange={() => setAll(true)} />
              {t("hold.scope.customer", { name: customer.name })}
            </label>
          </fieldset>
        )}
        <AreaField
          label={t("hold.reason")}
          hint={t(holdId ? "hold.lift.hint" : all ? "hold.put.customer.hint" : "hold.put.hint")}
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
