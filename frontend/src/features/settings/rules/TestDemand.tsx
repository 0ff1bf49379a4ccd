import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type Demand, preview } from "../../../api/rules";
import { useNow } from "../../../lib/clock";
import { useText } from "../../../lib/i18n";
import { shortMoment } from "../../../lib/time";
import { Button } from "../../../ui/Button";
import { SelectField } from "../../../ui/Field";
import styles from "../settings.module.css";
import own from "./rules.module.css";
import { type ClockKind, channels, kinds, type Names, priorities } from "./words";

/** Which rules a demand would get now, and why not the others. */
export function TestDemand({ names }: { names: Names }) {
  const t = useText();
  const now = useNow(60_000);
  const [demand, setDemand] = useState<Demand>({
    channel: "email",
    kind: "reclamacao",
    priority: 3,
    team_id: names.teams[0]?.id ?? 0,
    segment: "",
    walled: false,
  });
  const ask = useMutation({ mutationFn: () => preview({ demand }) });
  const set = (part: Partial<Demand>) => {
    setDemand({ ...demand, ...part });
    ask.reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    ask.mutate();
  };
  return (
    <section className={own.test} aria-labelledby="rules-test">
      <h3 id="rules-test">{t("rules.test")}</h3>
      <form className={own.asked} onSubmit={submit}>
        <SelectField
          label={t("rules.test.channel")}
          value={demand.channel}
          options={channels.map((c) => ({ value: c, name: t(`channel.${c}`) }))}
          onChange={(channel) => set({ channel, walled: channel === "ombudsman" })}
        />
        <SelectField
          label={t("rules.test.kind")}
          value={demand.kind}
          options={kinds.map((k) => ({ value: k, name: t(`kind.${k}`) }))}
          onChange={(kind) => set({ kind })}
        />
        <SelectField
          label={t("rules.test.priority")}
          value={String(demand.priority)}
          options={priorities.map((p) => ({ value: String(p), name: t(`priority.${p}`) }))}
          onChange={(p) => set({ priority: Number(p) })}
        />
        <SelectField
          label={t("rules.test.team")}
          value={String(demand.team_id)}
          options={names.teams.map((x) => ({ value: String(x.id), name: x.name }))}
          onChange={(id) => set({ team_id: Number(id) })}
        />
        <SelectField
          label={t("rules.test.segment")}
          value={demand.segment ?? ""}
          options={[
            { value: "", name: t("rules.segment.none") },
            ...names.segments.map((s) => ({ value: s.id, name: s.name })),
          ]}
          onChange={(segment) => set({ segment })}
        />
        <Button type="submit" busy={ask.isPending}>
          {t("rules.test.ask")}
        </Button>
      </form>
      {ask.error && (
        <p role="alert" className={styles.error}>
          {ask.error.message}
        </p>
      )}
      {ask.data && (
        <ul className={own.trials}>
          {ask.data.trials.map((trial) => (
            <li key={`${trial.regime} ${trial.clock as ClockKind}`}>
              <span className={styles.quiet}>
                {trial.regime} · {t(`rules.clock.${trial.clock as ClockKind}`)}
                {trial.evidence === "unconfirmed" && ` · ${t("rules.evidence.unconfirmed")}`}
              </span>
              <strong>
                {trial.due
                  ? t("rules.test.gets", { policy: trial.policy, due: shortMoment(trial.due, now) })
                  : t("rules.test.nothing")}
              </strong>
              {trial.passed.length > 0 && (
                <span className={styles.quiet}>
                  {trial.passed
                    .map((p) => t("rules.passed", { policy: p.policy, why: t(`rules.passed.${p.by}`) }))
                    .join("; ")}
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
