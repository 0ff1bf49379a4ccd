import { useMutation, useQueryClient } from "@tanstack/react-query";
import { usePerson } from "../../api/directory";
import { keys } from "../../api/keys";
import { now, useNow } from "../../lib/clock";
import { useText } from "../../lib/i18n";
import { shortMoment } from "../../lib/time";
import { Button } from "../../ui/Button";
import { toastError } from "../../ui/toast";
import { cancelRun, type IncidentRun } from "./api";
import styles from "./incidents.module.css";

const whys = ["held", "settled", "gone", "author", "failed"] as const;

/** What is done to the incident's tickets, and how far it is. */
export function Runs({
  incident,
  runs,
  mayStop,
}: {
  incident: number;
  runs: readonly IncidentRun[];
  mayStop: boolean;
}) {
  const t = useText();
  const shown = runs.filter((run) => run.kind === "answer" || run.state === "running");
  if (shown.length === 0) return null;
  return (
    <section className={styles.part} aria-label={t("incidents.answers")}>
      <h2>{t("incidents.answers")}</h2>
      <ul className={styles.runs}>
        {shown.map((run) => (
          <Run key={run.id} incident={incident} run={run} mayStop={mayStop} />
        ))}
      </ul>
    </section>
  );
}

function Run({ incident, run, mayStop }: { incident: number; run: IncidentRun; mayStop: boolean }) {
  const t = useText();
  const cache = useQueryClient();
  const author = usePerson(run.account_id);
  const at = useNow(run.state === "running" ? 1000 : 60_000);
  const waits = Math.ceil((Date.parse(run.begins_at) - at) / 1000);
  const before = run.state === "running" && waits > 0;
  const stop = useMutation({
    mutationFn: () => cancelRun(incident, run.id),
    onError: toastError,
    onSettled: () => cache.invalidateQueries({ queryKey: keys.incidents }),
  });
  const passed = run.done + run.skipped;
  return (
    <li>
      {run.body && <p className={styles.told}>{run.body}</p>}
      <p className={styles.quiet}>
        {t(`incidents.run.${run.kind}`, { who: author?.name ?? t("event.somebody") })} ·{" "}
        {shortMoment(run.begins_at, now())}
        {run.resolve && ` · ${t("incidents.run.resolves")}`}
      </p>
      {run.state === "running" && (
        <div className={styles.progress}>
          <progress
            max={run.total}
            value={passed}
            aria-label={t("incidents.run.progress", { n: passed, total: run.total })}
          />
          <span role="status">
            {before
              ? t("incidents.run.waits", { n: waits })
              : t("incidents.run.progress", { n: passed, total: run.total })}
          </span>
          {mayStop && (
            <Button busy={stop.isPending} onClick={() => stop.mutate()}>
              {t(before ? "ui.undo" : "incidents.run.stop")}
            </Button>
          )}
        </div>
      )}
      {run.state === "done" && <p>{t("incidents.run.done", { n: run.done, total: run.total })}</p>}
      {run.state === "cancelled" && (
        <p>{t(run.done === 0 ? "incidents.run.undone" : "incidents.run.stopped", { n: run.done })}</p>
      )}
      {whys.map(
        (why) =>
          (run.reasons[why] ?? 0) > 0 && (
            <p key={why} className={styles.quiet}>
              {t(`incidents.skip.${why}`, { n: run.reasons[why] ?? 0 })}
            </p>
          ),
      )}
    </li>
  );
}
