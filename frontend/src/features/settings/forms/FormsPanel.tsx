import { useQuery } from "@tanstack/react-query";
import { FilePlus2 } from "lucide-react";
import { useState } from "react";
import { useText } from "../../../lib/i18n";
import { Button } from "../../../ui/Button";
import { EmptyState, ErrorState, Skeleton } from "../../../ui/states";
import styles from "../settings.module.css";
import { type Form, formsQuery } from "./api";
import { FormEditor } from "./FormEditor";
import own from "./forms.module.css";

/** The forms that customers fill in on the web: which there are, and the one being built. */
export function FormsPanel() {
  const t = useText();
  const forms = useQuery(formsQuery);
  const [open, setOpen] = useState<Form | "new">();
  if (open) {
    return (
      <FormEditor key={open === "new" ? "new" : open.id} form={open} onClose={() => setOpen(undefined)} />
    );
  }
  if (forms.isPending) return <Skeleton rows={4} />;
  if (forms.isError) return <ErrorState error={forms.error} onRetry={() => void forms.refetch()} />;
  const add = (
    <Button look="primary" icon={<FilePlus2 aria-hidden />} onClick={() => setOpen("new")}>
      {t("forms.add")}
    </Button>
  );
  return (
    <>
      <div className={styles.titled}>
        <h2>{t("settings.formularios")}</h2>
        {forms.data.length > 0 && add}
      </div>
      {forms.data.length === 0 ? (
        <EmptyState title={t("forms.none")} action={add}>
          {t("forms.none.hint")}
        </EmptyState>
      ) : (
        <ul className={styles.list}>
          {forms.data.map((form) => (
            <li key={form.id} className={form.active ? undefined : styles.off}>
              <div>
                <strong>{form.name}</strong>
                <p className={styles.quiet}>
                  {form.active ? (
                    <a href={form.url} target="_blank" rel="noreferrer">
                      {form.url}
                    </a>
                  ) : (
                    form.url
                  )}
                </p>
              </div>
              <div>
                <span className={form.active ? own.live : own.draft}>
                  {t(form.active ? "forms.active" : "forms.draft")}
                </span>
                <p className={styles.quiet}>
                  {t("forms.count", { n: form.fields.length })} · {t("forms.version", { n: form.version })}
                </p>
              </div>
              <Button onClick={() => setOpen(form)} aria-label={t("forms.edit.named", { name: form.name })}>
                {t("forms.edit")}
              </Button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
