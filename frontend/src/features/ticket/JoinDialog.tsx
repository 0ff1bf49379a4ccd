import { type FormEvent, useState } from "react";
import { useText } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Field } from "../../ui/Field";
import dialog from "./dialogs.module.css";

interface JoinProps {
  name: string;
  onClose: () => void;
  onJoin: (reason: string) => void;
}

/** Two records become one on somebody's word, which is asked for. */
export default function JoinDialog({ name, onClose, onJoin }: JoinProps) {
  const t = useText();
  const [reason, setReason] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onJoin(reason.trim());
    onClose();
  };
  return (
    <Dialog open onClose={onClose} title={t("same.join.title", { name })}>
      <form className={dialog.form} onSubmit={submit}>
        <p>{t("same.join.means")}</p>
        <Field
          label={t("same.reason")}
          hint={t("same.reason.hint")}
          value={reason}
          onChange={(e) => setReason(e.target.value)}
          required
          maxLength={300}
        />
        <Button look="primary" type="submit" disabled={reason.trim() === ""}>
          {t("same.join")}
        </Button>
      </form>
    </Dialog>
  );
}
