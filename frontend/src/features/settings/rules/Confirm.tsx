import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { ApiError } from "../../../api/client";
import { apply, type Change, type Effect, preview, rulesKey } from "../../../api/rules";
import { useNow } from "../../../lib/clock";
import { useText } from "../../../lib/i18n";
import { shortMoment } from "../../../lib/time";
import { Button } from "../../../ui/Button";
import { ErrorState, Skeleton } from "../../../ui/states";
import { toast } from "../../../ui/toast";
import styles from "../settings.module.css";
import own from "./rules.module.css";

interface ConfirmProps {
  title: string;
  change: Change;
  onDone: () => void;
  onBack: () => void;
  /** Goes back to the fields when some of them are refused. */
  onRefused: (problem: ApiError) => void;
}

/** What a change would do to the deadlines that run, before it is made. */
export function Confirm({ title, change, onDone, onBack, onRefused }: ConfirmProps) {
  const t = useText();
  const [running, setRunning] = useState(false);
  const effect = useQuery({
    queryKey: [...rulesKey, "preview", change],
    queryFn: () => preview({ change }),
    retry: false,
    gcTime: 0,
  });
  const refused = hasFields(effect.error);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is told once, when it is refused
  useEffect(() => {
    if (refused) onRefused(refused);
  }, [refused]);
  const save = useMutation({
    mutationFn: () => apply(change, running),
    onError: (error) => {
      const wrong = hasFields(error);
      if (wrong) onRefused(wrong);
    },
    onSuccess: () => {
      toast(t(running ? "rules.saved.running" : "rules.saved"));
      onDone();
    },
  });
  return (
    <section className={own.confirm} aria-labelledby="rules-confirm">
      <h2 id="rules-confirm">{title}</h2>
      {effect.isPending ? (
        <Skeleton rows={3} />
      ) : effect.isError ? (
        <ErrorState error={effect.error} onRetry={() => void effect.refetch()} />
      ) : (
        <>
          <Told effect={effect.data} />
          {!(change.regime && !change.regime_id) && (
            <fieldset className={own.choice}>
              <legend>{t("rules.for")}</legend>
              {([false, true] as const).map((v) => (
                <label key={String(v)}>
                  <input
                    type="radio"
                    name="rules-running"
                    checked={running === v}
                    onChange={() => setRunning(v)}
                  />
                  {t(v ? "rules.for.running" : "rules.for.new")}
                </label>
              ))}
              <p className={styles.quiet}>{t(running ? "rules.for.running.hint" : "rules.for.new.hint")}</p>
            </fieldset>
          )}
        </>
      )}
      {save.error && (
        <p role="alert" className={styles.error}>
          {save.error.message}
        </p>
      )}
      <div>
        <Button
          look="primary"
          busy={save.isPending}
          disabled={!effect.isSuccess}
          onClick={() => save.mutate()}
        >
          {t("rules.apply")}
        </Button>{" "}
        <Button look="quiet" onClick={onBack}>
          {t("rules.back")}
        </Button>
      </div>
    </section>
  );
}

/** A refusal that says at which fields. */
const hasFields = (error: unknown): ApiError | undefined =>
  error instanceof ApiError && error.problem.errors?.length ? error : undefined;

function Told({ effect }: { effect: Effect }) {
  const t = useText();
  const now = useNow(60_000);
  const moment = (at: string | null, standing?: boolean) =>
    at ? shortMoment(at, now) : t(standing ? "rules.effect.stands" : "rules.effect.none");
  return (
    <>
      <p>
        {t(effect.clocks === 0 ? "rules.effect.nothing" : "rules.effect", {
          n: effect.clocks,
          looked: effect.looked,
        })}{" "}
        {effect.more && t("rules.effect.more")}
      </p>
      {effect.first.length > 0 && (
        <table className={own.turns}>
          <thead>
            <tr>
              <th scope="col">{t("rules.effect.protocol")}</th>
              <th scope="col">{t("rules.effect.clock")}</th>
              <th scope="col">{t("rules.effect.from")}</th>
              <th scope="col">{t("rules.effect.to")}</th>
            </tr>
          </thead>
          <tbody>
            {effect.first.map((turn) => (
              <tr key={`${turn.protocol} ${turn.clock} ${turn.policy}`}>
                <td className="numeric">{turn.protocol}</td>
                <td>{turn.policy}</td>
                <td className="numeric">{moment(turn.from)}</td>
                <td className="numeric">{moment(turn.to, turn.standing)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {effect.clocks > effect.first.length && (
        <p className={styles.quiet}>{t("rules.effect.rest", { n: effect.clocks - effect.first.length })}</p>
      )}
    </>
  );
}
