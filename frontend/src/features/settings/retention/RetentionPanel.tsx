import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { may, useMe } from "../../../api/session";
import { useText } from "../../../lib/i18n";
import { Button } from "../../../ui/Button";
import { ErrorState, Skeleton } from "../../../ui/states";
import { toast } from "../../../ui/toast";
import styles from "../settings.module.css";
import { beginRound, type Rule, retentionKey, rulesQuery, switchPurging } from "./api";
import { Effect } from "./Effect";
import { Holds } from "./Holds";
import { Proofs } from "./Proofs";
import { Rounds } from "./Rounds";
import { RuleForm } from "./RuleForm";
import { RuleItem } from "./RuleItem";
import own from "./retention.module.css";
import { Switch } from "./Switch";

type Act = "switch" | "run" | "add" | { rule: Rule } | { round: number };

/** How long things are kept, what is held, and what was purged. */
export function RetentionPanel() {
  const t = useText();
  const cache = useQueryClient();
  const keeps = may(useMe(), "retention.keep");
  const rules = useQuery(rulesQuery);
  const [act, setAct] = useState<Act>();
  const close = () => {
    setAct(undefined);
    void cache.invalidateQueries({ queryKey: retentionKey });
  };
  const turn = useMutation({
    mutationFn: ({ on, seen }: { on: boolean; seen?: string }) => switchPurging(on, seen),
    onSuccess: (is) => {
      toast(t(is.purging ? "guarda.turned_on" : "guarda.turned_off"));
      close();
    },
  });
  const run = useMutation({
    mutationFn: beginRound,
    onSuccess: () => {
      toast(t("guarda.run.begun"));
      close();
    },
  });
  if (rules.isPending) return <Skeleton rows={6} />;
  if (rules.isError) return <ErrorState error={rules.error} onRetry={() => void rules.refetch()} />;
  if (act === "switch" || act === "run") {
    const doing = act === "run" ? run : turn;
    return (
      <Effect
        act={t(act === "run" ? "guarda.run" : "guarda.turn_on.really")}
        next={act === "run" ? "guarda.effect.now" : "guarda.effect.daily"}
        busy={doing.isPending}
        error={doing.error}
        onAct={(seen) => (act === "run" ? run.mutate() : turn.mutate({ on: true, seen }))}
        onBack={() => {
          doing.reset();
          close();
        }}
      />
    );
  }
  if (act === "add") return <RuleForm onDone={close} />;
  if (act && "rule" in act) return <RuleForm rule={act.rule} onDone={close} />;
  if (act) return <Proofs round={act.round} onBack={close} />;
  const inForce = rules.data.items.filter((rule) => rule.active);
  const resting = rules.data.items.filter((rule) => !rule.active);
  const item = (rule: Rule) => (
    <RuleItem key={rule.id} rule={rule} onChange={keeps ? () => setAct({ rule }) : undefined} />
  );
  return (
    <>
      <h2>{t("settings.guarda")}</h2>
      <Switch
        is={rules.data}
        keeps={keeps}
        busy={turn.isPending}
        error={turn.error}
        onLook={() => setAct("switch")}
        onRun={() => setAct("run")}
        onOff={() => turn.mutate({ on: false })}
      />
      <Holds />
      <Rounds onRead={(round) => setAct({ round })} />
      <section className={own.block} aria-labelledby="guarda-regras">
        <div className={styles.titled}>
          <h3 id="guarda-regras">{t("guarda.rules")}</h3>
          {keeps && (
            <Button onClick={() => setAct("add")}>
              <Plus size={16} aria-hidden="true" />
              {t("guarda.rule.add")}
            </Button>
          )}
        </div>
        <p className={own.hint}>{t("guarda.rules.hint")}</p>
        <ul className={styles.list}>{inForce.map(item)}</ul>
        {resting.length > 0 && (
          <details className={own.more}>
            <summary>{t("guarda.rules.off", { n: resting.length })}</summary>
            <ul className={styles.list}>{resting.map(item)}</ul>
          </details>
        )}
      </section>
    </>
  );
}
