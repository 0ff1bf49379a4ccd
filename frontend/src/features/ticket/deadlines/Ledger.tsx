import { lazy, Suspense, useState } from "react";
import { usePerson } from "../../../api/directory";
import { may, useMe } from "../../../api/session";
import type { Clock, TicketRow } from "../../../api/types";
import { arrives } from "../../../lib/arrives";
import { useText } from "../../../lib/i18n";
import { dayAndTime, roughSpan } from "../../../lib/time";
import { Button } from "../../../ui/Button";
import { pauseReason } from "../../../ui/deadline/words";
import type { PauseOf } from "./api";
import styles from "./DeadlineSheet.module.css";
import { byRule } from "./rules";

const CorrectDialog = lazy(() => arrives(() => import("./CorrectDialog")));

/** The pauses of a deadline: from when to when, why, and who. */
export function Ledger({ row, clock }: { row: TicketRow; clock: Clock }) {
  const t = useText();
  const me = useMe();
  const [correcting, setCorrecting] = useState<number>();
  const lives = clock.state === "running" || clock.state === "paused";
  const correctable = (p: PauseOf) =>
    lives && may(me, "clocks.correct") && p.to !== p.from && (p.to !== null || !byRule(p.reason));
  const pause = clock.pauses.find((p) => p.id === correcting);
  if (clock.pauses.length === 0) return null;
  return (
    <section className={styles.section}>
      <h3>{t("clocks.pauses")}</h3>
      <ul className={styles.pauses}>
        {clock.pauses.map((p) => (
          <li key={p.id}>
            <span>{pauseReason(t, p.reason)}</span>
            {correctable(p) && (
              <Button
                look="quiet"
                aria-label={t("clocks.amend.of", { from: dayAndTime(p.from) })}
                onClick={() => setCorrecting(p.id)}
              >
                {t("clocks.amend")}
              </Button>
            )}
            <PauseTimes pause={p} />
          </li>
        ))}
      </ul>
      <Suspense>
        {pause && (
          <CorrectDialog row={row} clock={clock} pause={pause} onClose={() => setCorrecting(undefined)} />
        )}
      </Suspense>
    </section>
  );
}

function PauseTimes({ pause }: { pause: PauseOf }) {
  const t = useText();
  const person = usePerson(pause.account_id);
  const who = person?.name ?? t(pause.account_id === null ? "clocks.pause.by_rule" : "event.somebody");
  const from = dayAndTime(pause.from);
  const times =
    pause.to === null
      ? t("clocks.pause.since", { from })
      : pause.to === pause.from
        ? t("clocks.pause.undone", { from })
        : t("clocks.pause.span", {
            from,
            to: dayAndTime(pause.to),
            span: roughSpan(Date.parse(pause.to) - Date.parse(pause.from)),
          });
  return (
    <span className={`${styles.quiet} ${styles.times}`}>
      {times} · {who}
    </span>
  );
}
