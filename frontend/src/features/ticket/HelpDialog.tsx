import { type FormEvent, useState } from "react";
import { useText } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Field } from "../../ui/Field";
import styles from "./dialogs.module.css";

/** Calls a supervisor to the open ticket; a word tells them why. */
export default function HelpDialog({
  onClose,
  onAsk,
}: {
  onClose: () => void;
  onAsk: (word: string) => void;
}) {
  const t = useText();
  const [word, setWord] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onAsk(word.trim());
    onClose();
  };
  return (
    <Dialog open onClose={onClose} title={t("help.ask")}>
      <form className={styles.form} onSubmit={submit}>
        <Field
          label={t("help.word")}
          hint={t("help.hint")}
          value={word}
          maxLength={300}
          onChange={(e) => setWord(e.target.value)}
        />
        <Button look="primary" type="submit">
          {t("help.send")}
        </Button>
      </form>
    </Dialog>
  );
}
