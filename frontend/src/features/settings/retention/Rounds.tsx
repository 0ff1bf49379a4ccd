import { useMutation, useQuery } from "@tanstack/react-query";
import { useText } from "../../../lib/i18n";
import { dayAndTime } from "../../../lib/time";
import { Button } from "../../../ui/Button";
import { ErrorState, Skeleton } from "../../../ui/states";
import { toastError } from "../../../ui/toast";
import styles from "../settings.module.css";
import { downloadProofs, type Round, roundsQuery, verifiedQuery } from "./api";
import own from "./retention.module.css";

const subjects = ["record", "recording", "original", "stray"] as const;

/** What was purged when, and whether the proofs of it are whole. */
export function Rounds() {
  const t = useText();
  const rounds = useQuery(roundsQuery);
  const verified = useQuery(verifiedQuery).data;
  const bring = useMutation({ mutationFn: downloadProofs, onError: toastError });
  const removed = (r: Round) =>
    subjects
      .filter((s) => r.removed[s])
      .map((s) => `${t(`guarda.subject.${s}`)}: ${r.removed[s]}`)
      .join(" · ");
  return (
    <section className={own.block}>
      <h2>{t("guarda.runs")}</h2>
      {verified && rounds.data && rounds.data.length > 0 && (
        <p
          className={verified.whole ? styles.quiet : styles.error}
          role={verified.whole ? undefined : "alert"}
        >
          {t(verified.whole ? "guarda.chain.whole" : "guarda.chain.broken", { seq: verified.seq })}
        </p>
      )}
      {rounds.isPending ? (
        <Skeleton rows={1} />
      ) : rounds.isError ? (
        <ErrorState error={rounds.error} onRetry={() => void rounds.refetch()} />
      ) : rounds.data.length === 0 ? (
        <p className={styles.quiet}>{t("guarda.runs.none")}</p>
      ) : (
        <ul className={styles.list}>
          {rounds.data.map((r) => (
            <li key={r.id}>
              <div className={own.rule}>
                <strong>{dayAndTime(r.begun_at)}</strong>
                <p>{removed(r) || t(r.finished_at ? "guarda.runs.nothing" : "guarda.runs.running")}</p>
              </div>
              {removed(r) && (
                <Button look="quiet" busy={bring.isPending} onClick={() => bring.mutate(r.id)}>
                  {t("guarda.runs.download")}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
