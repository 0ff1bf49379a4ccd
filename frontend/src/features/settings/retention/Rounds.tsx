import { useQuery } from "@tanstack/react-query";
import { useText } from "../../../lib/i18n";
import { dayAndTime } from "../../../lib/time";
import { Button } from "../../../ui/Button";
import { ErrorState, Skeleton } from "../../../ui/states";
import styles from "../settings.module.css";
import { type Round, roundsQuery, verifiedQuery } from "./api";
import own from "./retention.module.css";

const subjects = ["record", "recording", "original", "stray", "import"] as const;

/** What was purged when, and whether the proofs of it are whole. */
export function Rounds({ onRead }: { onRead: (round: number) => void }) {
  const t = useText();
  // While one is under way, its figures grow.
  const rounds = useQuery({
    ...roundsQuery,
    refetchInterval: (q) => (q.state.data?.some((r) => !r.finished_at) ? 2000 : false),
  });
  const verified = useQuery(verifiedQuery).data;
  const removed = (r: Round) =>
    subjects
      .filter((s) => r.removed[s])
      .map((s) => `${t(`guarda.subject.${s}`)}: ${r.removed[s]}`)
      .join(" · ");
  return (
    <section className={own.block}>
      <h3>{t("guarda.runs")}</h3>
      {verified && rounds.data && rounds.data.length > 0 && (
        <p className={verified.whole ? own.hint : styles.error} role={verified.whole ? undefined : "alert"}>
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
                <p>
                  {[!r.finished_at && t("guarda.runs.running"), removed(r)].filter(Boolean).join(" · ") ||
                    t("guarda.runs.nothing")}
                </p>
              </div>
              {removed(r) && (
                <Button
                  look="quiet"
                  aria-label={t("guarda.runs.read.of", { at: dayAndTime(r.begun_at) })}
                  onClick={() => onRead(r.id)}
                >
                  {t("guarda.runs.read")}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
