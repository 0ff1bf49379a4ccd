import { AlarmClock, Pause, TriangleAlert } from "lucide-react";
import { type CSSProperties, lazy, Suspense, useRef } from "react";
import type { TicketRow } from "../../api/types";
import { arrives } from "../../lib/arrives";
import { useNow } from "../../lib/clock";
import { type Deadline, type Reading, readDeadline, type Stage } from "../../lib/deadline";
import { type Translate, useText } from "../../lib/i18n";
import { dayAndTime, span, spanInWords, spanStep } from "../../lib/time";
import { useHoverCard } from "../useHoverCard";
import styles from "./DeadlineChip.module.css";
import { clockName, pauseReason } from "./words";

const Card = lazy(() => arrives(() => import("./DeadlineCard")));

const icons: Partial<Record<Stage, typeof Pause>> = {
  due: AlarmClock,
  breached: TriangleAlert,
  paused: Pause,
};

export const deadlineOf = (row: TicketRow): Deadline => ({
  due: row.next_due,
  from: row.next_from,
  warn: row.next_warn,
  paused: row.paused,
  breached: row.breached,
});

interface ChipProps {
  row: TicketRow;
  /** In a list only the row under the cursor lets Tab stop at its chip. */
  reachable?: boolean;
}

/**
 * The deadline that falls next. Calm it is a grey figure over a thin bar that
 * empties; near it turns amber and late red, each with its own icon, and counts
 * up. On hover or focus it explains itself from the server's own calculation.
 */
export function DeadlineChip({ row, reachable = true }: ChipProps) {
  const t = useText();
  const anchor = useRef<HTMLButtonElement>(null);
  const card = useHoverCard();
  const deadline = deadlineOf(row);
  const coarse = readDeadline(deadline, useNow(30_000));
  const reading = readDeadline(deadline, useNow(spanStep(coarse.left)));
  if (reading.stage === "none") return null;
  const Icon = icons[reading.stage];

  return (
    <>
      <button
        ref={anchor}
        type="button"
        className={`${styles.chip} ${styles[reading.stage]}`}
        aria-label={inWords(t, row, reading)}
        aria-haspopup="dialog"
        aria-expanded={card.open}
        tabIndex={reachable ? 0 : -1}
        style={{ "--share": reading.share } as CSSProperties}
        {...card.anchorProps}
      >
        {Icon && <Icon aria-hidden />}
        <span className={styles.figure}>{figure(t, row, reading)}</span>
        {row.clocks > 1 && <span className={styles.more}>+{row.clocks - 1}</span>}
        <i className={styles.bar} aria-hidden />
      </button>
      {card.open && (
        <Suspense>
          <Card ticketId={row.id} anchor={anchor} onClose={card.close} {...card.popupProps} />
        </Suspense>
      )}
    </>
  );
}

function figure(t: Translate, row: TicketRow, { stage, left }: Reading): string {
  if (stage === "paused") return pauseReason(t, row.paused);
  return stage === "breached" ? `+${span(left)}` : span(left);
}

function inWords(t: Translate, row: TicketRow, { stage, left }: Reading): string {
  const clock = clockName(t, row.next_clock);
  if (stage === "paused") return t("deadline.paused", { clock, reason: pauseReason(t, row.paused) });
  const id = stage === "breached" ? "deadline.late" : "deadline.left";
  return t(id, { clock, span: spanInWords(left), due: row.next_due ? dayAndTime(row.next_due) : "" });
}
