import { type FormEvent, useState } from "react";
import type { LedgerItem } from "../../api/types";
import { useText } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { CheckField, Field } from "../../ui/Field";
import styles from "./IntakePage.module.css";

interface Props {
  item: LedgerItem;
  onClose: () => void;
  onErase: (reason: string, altogether: boolean) => void;
}

/** Nothing brings back what is erased, so it asks for a reason and says what will be left. */
export default function EraseDialog({ item, onClose, onErase }: Props) {
  const t = useText();
  const [reason, setReason] = useState("");
  const [altogether, setAltogether] = useState(item.purged);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (reason.trim() !== "") onErase(reason.trim(), altogether);
  };
  return (
    <Dialog open onClose={onClose} title={t("intake.erase.title", { id: item.id })}>
      <form className={styles.form} onSubmit={submit}>
        <p>{t(altogether ? "intake.erase.all.told" : "intake.erase.told")}</p>
        <Field
          label={t("intake.erase.reason")}
          value={reason}
          onChange={(e) => setReason(e.target.value)}
          required
          maxLength={500}
        />
        {!item.purged && (
          <CheckField
            label={t("intake.erase.all")}
            hint={t("intake.erase.all.hint")}
            checked={altogether}
            onChange={setAltogether}
          />
        )}
        <Button look="primary" type="submit" disabled={reason.trim() === ""}>
          {t("intake.erase.now")}
        </Button>
      </form>
    </Dialog>
  );
}
