import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiError } from "../../api/client";
import type { Account } from "../../api/types";
import { useText } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Field } from "../../ui/Field";
import { setExtensionOf } from "./api";
import styles from "./settings.module.css";

/** Which telephone somebody sits at, as the administration sets it. */
export function ExtensionDialog({ account, onClose }: { account: Account; onClose: () => void }) {
  const t = useText();
  const [extension, setExtension] = useState(account.extension);
  const save = useMutation({
    mutationFn: () => setExtensionOf(account.id, extension.trim()),
    onSuccess: onClose,
  });
  const error =
    save.error instanceof ApiError
      ? (save.error.field("extension") ?? save.error.message)
      : (save.error?.message ?? undefined);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Dialog open onClose={onClose} title={t("people.extension.of", { name: account.name })}>
      <form className={`${styles.form} ${styles.inDialog}`} onSubmit={submit}>
        <Field
          label={t("prefs.extension")}
          hint={t("people.extension.hint")}
          value={extension}
          maxLength={40}
          onChange={(e) => setExtension(e.target.value)}
          error={error}
          autoFocus
        />
        <div>
          <Button look="primary" type="submit" busy={save.isPending}>
            {t("ui.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
