import { useText } from "../../../lib/i18n";
import { Button } from "../../../ui/Button";
import styles from "../settings.module.css";
import type { Rule } from "./api";
import own from "./retention.module.css";

/** One rule in words: how long, from when, by which norm, and for what. */
export function RuleItem({ rule, onChange }: { rule: Rule; onChange: (() => void) | undefined }) {
  const t = useText();
  const only = [
    ...(rule.channels ?? []).map((c) => t(`channel.${c}`)),
    ...(rule.kinds ?? []).map((k) => t(`kind.${k}`)),
  ].join(", ");
  return (
    <li className={rule.active ? undefined : own.off}>
      <div className={own.rule}>
        <strong>{rule.name}</strong>
        <p>
          {t("kept.by", {
            term: t(`kept.term.${rule.unit}`, { n: rule.amount }),
            since: t(`kept.since.${rule.since}`),
            norm: rule.legal_ref || t(`guarda.subject.${rule.subject}`),
          })}
          {only && ` · ${t("guarda.rule.only", { list: only })}`}
          {rule.walled != null && ` · ${t(rule.walled ? "rules.walled" : "rules.not_walled")}`}
        </p>
        <p className={rule.evidence === "unconfirmed" ? own.unsure : undefined}>
          {t(`rules.evidence.${rule.evidence}`)}
          {rule.note && <span className={styles.quiet}> · {rule.note}</span>}
        </p>
      </div>
      {onChange && (
        <Button look="quiet" aria-label={t("guarda.rule.edit.title", { name: rule.name })} onClick={onChange}>
          {t("guarda.rule.edit")}
        </Button>
      )}
    </li>
  );
}
