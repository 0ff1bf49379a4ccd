import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiError } from "../../api/client";
import { keys } from "../../api/keys";
import { useMe } from "../../api/session";
import { useText } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { toast } from "../../ui/toast";
import { saveExtension } from "./api";
import styles from "./settings.module.css";

/** The telephone on my desk: what rings there shows on my screen. */
export function ExtensionField() {
  const t = useText();
  const me = useMe();
  const cache = useQueryClient();
  const [extension, setExtension] = useState(me.extension);
  const save = useMutation({
    mutationFn: () => saveExtension(extension.trim()),
    onSuccess: (saved) => {
      cache.setQueryData(keys.me, saved);
      toast(t(saved.extension ? "prefs.extension.saved" : "prefs.extension.none"));
    },
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
    <form className={styles.form} onSubmit={submit}>
      <Field
        label={t("prefs.extension")}
        hint={t("prefs.extension.hint")}
        value={extension}
        maxLength={40}
        onChange={(e) => setExtension(e.target.value)}
        error={error}
        autoComplete="off"
      />
      <div>
        <Button type="submit" busy={save.isPending} disabled={extension.trim() === me.extension}>
          {t("ui.save")}
        </Button>
      </div>
    </form>
  );
}
