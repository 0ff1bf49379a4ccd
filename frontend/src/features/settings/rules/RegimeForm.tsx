import { type FormEvent, useState } from "react";
import type { ApiError } from "../../../api/client";
import type { RegimeTerms } from "../../../api/rules";
import { useText } from "../../../lib/i18n";
import { Button } from "../../../ui/Button";
import { AreaField, CheckField, Field, SelectField } from "../../../ui/Field";
import styles from "../settings.module.css";

const marks = ["own", "read", "secondary", "unconfirmed"] as const;

interface RegimeFormProps {
  title: string;
  terms: RegimeTerms;
  onDraft: (terms: RegimeTerms) => void;
  /** What the server refused of the draft. */
  wrong?: ApiError | undefined;
  onClose: () => void;
}

/** What a regime is: its norm, how sure it is, and who has checked it. */
export function RegimeForm({ title, terms, wrong, onDraft, onClose }: RegimeFormProps) {
  const t = useText();
  const [draft, setDraft] = useState(terms);
  const set = (part: Partial<RegimeTerms>) => setDraft({ ...draft, ...part });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onDraft(draft);
  };
  return (
    <>
      <h2>{title}</h2>
      <form className={styles.form} onSubmit={submit}>
        {wrong && (
          <p role="alert" className={styles.error}>
            {wrong.message}
          </p>
        )}
        <Field
          label={t("rules.name")}
          error={wrong?.field("name")}
          value={draft.name}
          onChange={(e) => set({ name: e.target.value })}
          maxLength={100}
          required
          autoFocus
        />
        <Field
          label={t("rules.norm")}
          error={wrong?.field("norm")}
          hint={t("rules.norm.hint")}
          value={draft.norm}
          onChange={(e) => set({ norm: e.target.value })}
          maxLength={500}
        />
        <SelectField
          label={t("rules.evidence")}
          error={wrong?.field("evidence")}
          value={draft.evidence}
          options={marks.map((m) => ({ value: m, name: t(`rules.evidence.${m}`) }))}
          onChange={(evidence) => set({ evidence })}
        />
        <Field
          label={t("rules.source")}
          error={wrong?.field("source")}
          value={draft.source}
          onChange={(e) => set({ source: e.target.value })}
          maxLength={500}
        />
        <AreaField
          label={t("rules.note")}
          error={wrong?.field("note")}
          value={draft.note}
          onChange={(e) => set({ note: e.target.value })}
          maxLength={500}
          rows={3}
        />
        <Field
          label={t("rules.checked_by")}
          error={wrong?.field("checked_by")}
          hint={t("rules.checked_by.hint")}
          value={draft.checked_by}
          onChange={(e) => set({ checked_by: e.target.value })}
          required={draft.checked_on !== ""}
          maxLength={100}
        />
        <Field
          label={t("rules.checked_on")}
          error={wrong?.field("checked_on")}
          type="date"
          value={draft.checked_on}
          required={draft.checked_by !== ""}
          onChange={(e) => set({ checked_on: e.target.value })}
        />
        <Field
          label={t("rules.extension")}
          error={wrong?.field("extension")}
          hint={t("rules.extension.hint")}
          type="number"
          min={0}
          max={3660}
          value={draft.extension}
          onChange={(e) => set({ extension: Number(e.target.value) })}
        />
        <Field
          label={t("rules.cap")}
          error={wrong?.field("cap")}
          hint={t("rules.cap.hint")}
          type="number"
          min={0}
          max={100}
          value={draft.cap ?? ""}
          onChange={(e) => set({ cap: e.target.value === "" ? null : Number(e.target.value) })}
        />
        <CheckField label={t("rules.active")} checked={draft.active} onChange={(active) => set({ active })} />
        <div>
          <Button look="primary" type="submit">
            {t("rules.see_effect")}
          </Button>{" "}
          <Button look="quiet" onClick={onClose}>
            {t("call.cancel")}
          </Button>
        </div>
      </form>
    </>
  );
}
