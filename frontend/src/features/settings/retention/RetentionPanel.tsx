import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { peopleQuery } from "../../../api/directory";
import { may, useMe } from "../../../api/session";
import { useText } from "../../../lib/i18n";
import { fullDate } from "../../../lib/time";
import { Button } from "../../../ui/Button";
import { ErrorState, Skeleton } from "../../../ui/states";
import { toast, toastError } from "../../../ui/toast";
import styles from "../settings.module.css";
import { beginRound, type Rule, retentionKey, rulesQuery, switchPurging } from "./api";
import { Effect } from "./Effect";
import { Holds } from "./Holds";
import { Rounds } from "./Rounds";
import { RuleForm } from "./RuleForm";
import own from "./retention.module.css";

/** How long things are kept, what is held, and what was purged. */
export function RetentionPanel() {
  const t = useText();
  const cache = useQueryClient();
  const keeps = may(useMe(), "retention.keep");
  const rules = useQuery(rulesQuery);
  const people = useQuery(peopleQuery).data ?? [];
  const [act, setAct] = useState<Rule | "switch">();
  const close = () => {
    setAct(undefined);
    void cache.invalidateQueries({ queryKey: retentionKey });
  };
  const turn = useMutation({
    mutationFn: ({ on, seen }: { on: boolean; seen?: string }) => switchPurging(on, seen),
    onSuccess: close,
  });
  const run = useMutation({
    mutationFn: beginRound,
    onSuccess: () => toast(t("guarda.run.begun")),
    onError: toastError,
    onSettled: close,
  });
  if (rules.isPending) return <Skeleton rows={6} />;
  if (rules.isError) return <ErrorState error={rules.error} onRetry={() => void rules.refetch()} />;
  const { purging, switched_by, switched_at, items } = rules.data;
  if (act === "switch") {
    return (
      <Effect
        act={t("guarda.turn_on.really")}
        busy={turn.isPending}
        error={turn.error}
        onAct={(seen) => turn.mutate({ on: true, seen })}
        onBack={close}
      />
    );
  }
  if (act) return <RuleForm rule={act} onDone={close} />;
  return (
    <>
      <section className={own.block}>
        <h2>{t("guarda.switch")}</h2>
        <p>
          {t(purging ? "guarda.on" : "guarda.off")}{" "}
          {switched_at &&
            t("guarda.since", {
              who: people.find((p) => p.id === switched_by)?.name ?? "",
              date: fullDate(switched_at),
            })}
        </p>
        {keeps && (
          <div className={own.acts}>
            {purging ? (
              <>
                <Button busy={run.isPending} onClick={() => run.mutate()}>
                  {t("guarda.run")}
                </Button>
                <Button look="quiet" busy={turn.isPending} onClick={() => turn.mutate({ on: false })}>
                  {t("guarda.turn_off")}
                </Button>
              </>
            ) : (
              <Button onClick={() => setAct("switch")}>{t("guarda.turn_on")}</Button>
            )}
          </div>
        )}
      </section>
      <section className={own.block}>
        <h2>{t("guarda.rules")}</h2>
        <p className={styles.quiet}>{t("guarda.rules.hint")}</p>
        <ul className={styles.list}>
          {items.map((rule) => (
            <li key={rule.id} className={rule.active ? undefined : own.off}>
              <div className={own.rule}>
                <strong>{rule.name}</strong>
                <p>
                  {t("kept.by", {
                    term: t(`kept.term.${rule.unit}`, { n: rule.amount }),
                    since: t(`kept.since.${rule.since}`),
                    norm: rule.legal_ref || t(`guarda.subject.${rule.subject}`),
                  })}
                </p>
                <p>
                  {t(`rules.evidence.${rule.evidence}`)}
                  {rule.note && ` · ${rule.note}`}
                </p>
              </div>
              {!rule.active && <span className={styles.quiet}>{t("guarda.rule.off")}</span>}
              {keeps && (
                <Button
                  look="quiet"
                  aria-label={t("guarda.rule.edit.title", { name: rule.name })}
                  onClick={() => setAct(rule)}
                >
                  {t("guarda.rule.edit")}
                </Button>
              )}
            </li>
          ))}
        </ul>
      </section>
      <Holds />
      <Rounds />
    </>
  );
}
