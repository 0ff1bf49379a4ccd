import { type FormEvent, useState } from "react";
import { useText } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Field } from "../../ui/Field";
import styles from "./IntakePage.module.css";

interface Props {
  count: number;
  onClose: () => void;
  onDiscard: (reason: string) => void;
}

/** Letting something become nothing asks for a reason, which stays with it. */
export default function DiscardDialog({ count, onClose, onDiscard }: Props) {
  const t = useText();
  const [reason, setReason] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (reason.trim() !== "") onDiscard(reason.trim());
  };
  return (
    <Dialog open onClose={onClose} title={t("intake.discard.title", { n: count })}>
      <form className={styles.form} onSubmit={submit}>
        <Field
          label={t("intake.discard.reason")}
          hint={t("intake.discard.hint")}
          value={reason}
          onChange={(e) => setReason(e.target.value)}
          required
          maxLength={500}
        />
        <Button look="primary" type="submit" disabled={reason.trim() === ""}>
          {t("intake.discard")}
        </Button>
      </form>
    </Dialog>
  );
}
