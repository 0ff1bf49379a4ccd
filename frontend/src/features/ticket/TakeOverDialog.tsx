import { type FormEvent, useState } from "react";
import { useText } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Field } from "../../ui/Field";
import styles from "./dialogs.module.css";

interface TakeOverProps {
  onClose: () => void;
  onTake: (reason: string) => void;
}

/** Taking a ticket out of somebody's hands asks for a reason, which that person reads. */
export default function TakeOverDialog({ onClose, onTake }: TakeOverProps) {
  const t = useText();
  const [reason, setReason] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onTake(reason.trim());
    onClose();
  };
  return (
    <Dialog open onClose={onClose} title={t("claim.take_over")}>
      <form className={styles.form} onSubmit={submit}>
        <Field
          label={t("claim.reason")}
          hint={t("claim.reason.hint")}
          value={reason}
          onChange={(e) => setReason(e.target.value)}
          required
          maxLength={300}
        />
        <Button look="primary" type="submit" disabled={reason.trim() === ""}>
          {t("claim.take_over")}
        </Button>
      </form>
    </Dialog>
  );
}
