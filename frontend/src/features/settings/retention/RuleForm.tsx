import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { regimesQuery } from "../../../api/rules";
import { useText } from "../../../lib/i18n";
import { Button } from "../../../ui/Button";
import { CheckField, Field, SelectField } from "../../../ui/Field";
import { toast } from "../../../ui/toast";
import { Several } from "../rules/Several";
import { channels, kinds } from "../rules/words";
import styles from "../settings.module.css";
import { type Rule, saveRule, type Terms, termsOf } from "./api";
import { Effect } from "./Effect";
import own from "./retention.module.css";

const units = ["days", "months", "years"] as const;
const evidences = ["own", "read", "secondary", "unconfirmed"] as const;

const subjects = ["record", "recording", "original", "stray", "import"] as const;

const fresh: Terms = {
  name: "",
  subject: "record",
  since: "resolved",
  amount: 5,
  unit: "years",
  legal_ref: "",
  evidence: "own",
  active: true,
};

const sinces = (subject: Rule["subject"]): readonly Terms["since"][] =>
  subject === "recording"
    ? ["attended"]
    : subject === "stray" || subject === "import"
      ? ["opened"]
      : ["opened", "resolved", "last_contact"];

/** Adds or changes a rule, or ends it; what that would do is shown before it is done. */
export function RuleForm({ rule, onDone }: { rule?: Rule; onDone: () => void }) {
  const t = useText();
  const [terms, setTerms] = useState<Terms>(rule ? termsOf(rule) : fresh);
  const regimes = useQuery(regimesQuery).data ?? [];
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
        change={{ id: rule?.id ?? 0, rule: terms }}
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
      <h2>{rule ? t("guarda.rule.edit.title", { name: rule.name }) : t("guarda.rule.add")}</h2>
      <form className={styles.form} onSubmit={submit}>
        <CheckField
          label={t("guarda.rule.active")}
          hint={rule && t("guarda.rule.active.hint")}
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
        {!rule && (
          <SelectField
            label={t("guarda.rule.subject")}
            value={terms.subject}
            options={subjects.map((value) => ({ value, name: t(`guarda.subject.${value}`) }))}
            onChange={(subject) =>
              set({
                subject,
                since: sinces(subject)[0] ?? "opened",
                kinds: [],
                channels: [],
                regime_id: undefined,
                walled: undefined,
              })
            }
          />
        )}
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
          options={sinces(terms.subject).map((value) => ({ value, name: t(`kept.since.${value}`) }))}
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
        {terms.subject !== "stray" && terms.subject !== "import" && (
          <details className={own.more}>
            <summary>{t("guarda.rule.conditions")}</summary>
            <div className={styles.form}>
              <Several
                label={t("rules.kinds")}
                options={kinds.map((id) => ({ id, name: t(`kind.${id}`) }))}
                chosen={terms.kinds ?? []}
                onChange={(list) => set({ kinds: list as Terms["kinds"] })}
              />
              <Several
                label={t("rules.channels")}
                options={channels.map((id) => ({ id, name: t(`channel.${id}`) }))}
                chosen={terms.channels ?? []}
                onChange={(list) => set({ channels: list as Terms["channels"] })}
              />
              <SelectField
                label={t("guarda.rule.regime")}
                value={String(terms.regime_id ?? "")}
                options={[
                  { value: "", name: t("guarda.rule.regime.any") },
                  ...regimes.map((r) => ({ value: String(r.id), name: r.name })),
                ]}
                onChange={(id) => set({ regime_id: id ? Number(id) : undefined })}
              />
              <SelectField
                label={t("rules.wall")}
                value={terms.walled == null ? "both" : terms.walled ? "walled" : "open"}
                options={[
                  { value: "both", name: t("rules.wall.both") },
                  { value: "open", name: t("rules.not_walled") },
                  { value: "walled", name: t("rules.walled") },
                ]}
                onChange={(v) => set({ walled: v === "both" ? undefined : v === "walled" })}
              />
            </div>
          </details>
        )}
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
