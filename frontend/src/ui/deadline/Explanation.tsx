import { useQuery } from "@tanstack/react-query";
import { clocksQuery } from "../../api/clocks";
import { usePerson } from "../../api/directory";
import type { Clock, Interval } from "../../api/types";
import { now } from "../../lib/clock";
import { useText } from "../../lib/i18n";
import { clockTime, dayAndTime, dayOnly, sameDay } from "../../lib/time";
import { ErrorState, Skeleton } from "../states";
import styles from "./Explanation.module.css";
import { clockName, pauseReason, skipName, skipReason } from "./words";

const shownIntervals = 12;

/** Why the date is what it is: each clock of the ticket with what counted and what did not. */
export function Explanation({ ticketId }: { ticketId: number }) {
  const clocks = useQuery(clocksQuery(ticketId));
  if (clocks.isPending) return <Skeleton rows={2} height={40} />;
  if (clocks.isError) return <ErrorState error={clocks.error} onRetry={() => void clocks.refetch()} />;
  const running = clocks.data.filter((c) => c.state === "running" || c.state === "paused");
  const ended = clocks.data.filter((c) => !running.includes(c));
  return (
    <ul className={styles.clocks}>
      {[...running, ...ended].map((clock) => (
        <ClockItem key={clock.id} clock={clock} open={clock === running[0]} />
      ))}
    </ul>
  );
}

function ClockItem({ clock, open }: { clock: Clock; open: boolean }) {
  const t = useText();
  const hidden = clock.explanation.length - shownIntervals;
  const late = clock.state === "running" && Date.parse(clock.due) < now();
  const name = clockName(t, clock.kind);
  const rule = [clock.policy !== name && clock.policy, clock.legal_ref].filter(Boolean).join(" · ");
  return (
    <li>
      <details open={open}>
        <summary className={styles.head}>
          <strong>{name}</strong>
          <span>{t(late ? "clock.state.late" : `clock.state.${clock.state}`)}</span>
        </summary>
        <p className={styles.due}>
          {t(late ? "deadline.fell" : "deadline.due", { due: dayAndTime(clock.due) })}
        </p>
        {rule && <p className={styles.policy}>{rule}</p>}
        <ol className={styles.intervals}>
          <li className={styles.counted}>{t("deadline.started", { at: dayAndTime(clock.started_at) })}</li>
          {clock.explanation.slice(0, shownIntervals).map((interval) => (
            <IntervalItem key={interval.from} interval={interval} />
          ))}
          {hidden > 0 && <li>{t("deadline.more", { n: hidden })}</li>}
        </ol>
        {clock.pauses.map((pause) => (
          <PauseItem key={pause.from} pause={pause} />
        ))}
      </details>
    </li>
  );
}

function IntervalItem({ interval }: { interval: Interval }) {
  const t = useText();
  const { from, to, counted, reason, name } = interval;
  // A pause that still runs has no end yet.
  const hours = `${clockTime(from)}–${to ? clockTime(to) : ""}`;
  const end = to ? Date.parse(to) - 1 : Date.parse(from);
  const oneDay = sameDay(from, end);
  const days = oneDay ? dayOnly(from) : `${dayOnly(from)} – ${dayOnly(end)}`;
  if (counted) {
    return (
      <li className={styles.counted}>
        <span>{days}</span> <span className="numeric">{oneDay ? hours : t("deadline.counted")}</span>
      </li>
    );
  }
  return (
    <li className={styles.skipped}>
      <span>{days}</span>{" "}
      <span>{name ? `${skipReason(t, reason)}: ${skipName(t, reason, name)}` : skipReason(t, reason)}</span>
    </li>
  );
}

function PauseItem({ pause }: { pause: Clock["pauses"][number] }) {
  const t = useText();
  const author = usePerson(pause.account_id);
  return (
    <p className={styles.policy}>
      {t(pause.to ? "deadline.pause.past" : "deadline.pause.now", {
        from: dayAndTime(pause.from),
        to: pause.to ? dayAndTime(pause.to) : "",
        reason: pauseReason(t, pause.reason),
      })}
      {author && ` · ${author.name}`}
    </p>
  );
}
