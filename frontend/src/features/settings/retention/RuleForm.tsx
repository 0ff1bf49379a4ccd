import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useText } from "../../../lib/i18n";
import { Button } from "../../../ui/Button";
import { CheckField, Field, SelectField } from "../../../ui/Field";
import { toast } from "../../../ui/toast";
import styles from "../settings.module.css";
import { type Rule, saveRule, type Terms, termsOf } from "./api";
import { Effect } from "./Effect";
import own from "./retention.module.css";

const units = ["days", "months", "years"] as const;
const evidences = ["own", "read", "secondary", "unconfirmed"] as const;

const sinces = (subject: Rule["subject"]): readonly Terms["since"][] =>
  subject === "recording"
    ? ["attended"]
    : subject === "stray"
      ? ["opened"]
      : ["opened", "resolved", "last_contact"];

/** Changes a rule; what the change would do is shown before it is made. */
export function RuleForm({ rule, onDone }: { rule: Rule; onDone: () => void }) {
  const t = useText();
  const [terms, setTerms] = useState<Terms>(termsOf(rule));
  const [looking, setLooking] = useState(false);
  const save = useMutation({
    mutationFn: (seen: string) => saveRule(rule, terms, seen),
    onSuccess: () => {
      toast(t("guarda.rule.saved"));
      onDone();
    },
  });
  const set = (some: Partial<Terms>) => setTerms((now) => ({ ...now, ...some }));
  if (looking) {
    return (
      <Effect
        change={{ id: rule.id, rule: terms }}
        act={t("guarda.rule.save")}
        busy={save.isPending}
        error={save.error}
        onAct={save.mutate}
        onBack={() => {
          save.reset();
          setLooking(false);
        }}
      />
    );
  }
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setLooking(true);
  };
  return (
    <>
      <h2>{t("guarda.rule.edit.title", { name: rule.name })}</h2>
      <form className={styles.form} onSubmit={submit}>
        <CheckField
          label={t("guarda.rule.active")}
          checked={terms.active}
          onChange={(active) => set({ active })}
        />
        <Field
          label={t("guarda.rule.name")}
          value={terms.name}
          maxLength={100}
          required
          onChange={(e) => set({ name: e.target.value })}
        />
        <div className={own.pair}>
          <Field
            label={t("guarda.rule.amount")}
            type="number"
            min={1}
            max={36500}
            value={terms.amount}
            required
            onChange={(e) => set({ amount: e.target.valueAsNumber || 0 })}
          />
          <SelectField
            label={t("guarda.rule.unit")}
            value={terms.unit}
            options={units.map((value) => ({ value, name: t(`guarda.unit.${value}`) }))}
            onChange={(unit) => set({ unit })}
          />
        </div>
        <SelectField
          label={t("guarda.rule.since")}
          value={terms.since}
          options={sinces(rule.subject).map((value) => ({ value, name: t(`kept.since.${value}`) }))}
          onChange={(since) => set({ since })}
        />
        <Field
          label={t("guarda.rule.ref")}
          value={terms.legal_ref ?? ""}
          maxLength={500}
          onChange={(e) => set({ legal_ref: e.target.value })}
        />
        <SelectField
          label={t("guarda.rule.evidence")}
          value={terms.evidence}
          options={evidences.map((value) => ({ value, name: t(`rules.evidence.${value}`) }))}
          onChange={(evidence) => set({ evidence })}
        />
        <div className={own.acts}>
          <Button look="primary" type="submit">
            {t("guarda.rule.preview")}
          </Button>
          <Button look="quiet" onClick={onDone}>
            {t("guarda.back")}
          </Button>
        </div>
      </form>
    </>
  );
}
