import { useQuery } from "@tanstack/react-query";
import { Ban, Check, CircleAlert, Clock3, Pause, Plus, TriangleAlert } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { clocksQuery } from "../../../api/clocks";
import { usePerson } from "../../../api/directory";
import { may, useMe } from "../../../api/session";
import type { Clock, TicketRow } from "../../../api/types";
import { arrives } from "../../../lib/arrives";
import { useNow } from "../../../lib/clock";
import { useText } from "../../../lib/i18n";
import { spanStep } from "../../../lib/time";
import { Button } from "../../../ui/Button";
import { clockName, pauseReason } from "../../../ui/deadline/words";
import { ErrorState, Skeleton } from "../../../ui/states";
import type { PauseOf } from "./api";
import { Course } from "./Course";
import styles from "./DeadlinesPart.module.css";
import { Paper } from "./Paper";
import { dueText, type Mood, moodOf, standing } from "./words";

const DeadlineSheet = lazy(() => arrives(() => import("./DeadlineSheet")));
const BeginDialog = lazy(() => arrives(() => import("./BeginDialog")));

const icons: Record<Mood, typeof Clock3> = {
  calm: Clock3,
  due: CircleAlert,
  late: TriangleAlert,
  paused: Pause,
  done: Check,
};

/** Every deadline of a ticket: what runs with its course, what ended in a line; each opens to all that is known of it. */
export default function DeadlinesPart({ row }: { row: TicketRow }) {
  const t = useText();
  const me = useMe();
  const clocks = useQuery(clocksQuery(row.id));
  const [shown, setShown] = useState<number>();
  const [beginning, setBeginning] = useState(false);
  const all = clocks.data ?? [];
  const lives = (c: Clock) => c.state === "running" || c.state === "paused";
  const ended = all.filter((c) => !lives(c));
  const opens = row.status !== "resolved" && row.status !== "closed";
  const looked = all.find((c) => c.id === shown);
  return (
    <section className={styles.part} aria-labelledby="deadlines">
      <h3 id="deadlines">{t("clocks.title")}</h3>
      {clocks.isPending ? (
        <Skeleton rows={2} />
      ) : clocks.isError && !clocks.data ? (
        <ErrorState error={clocks.error} onRetry={() => void clocks.refetch()} />
      ) : (
        <>
          {all.length === 0 && <p className={styles.none}>{t("clocks.none")}</p>}
          <ul className={styles.list}>
            {all.filter(lives).map((clock) => (
              <li key={clock.id}>
                <ClockButton clock={clock} onOpen={() => setShown(clock.id)} />
              </li>
            ))}
          </ul>
          {ended.length > 0 && (
            <details className={styles.ended} open={ended.length === all.length}>
              <summary>{t("clocks.ended", { n: ended.length })}</summary>
              <ul className={styles.list}>
                {ended.map((clock) => (
                  <li key={clock.id}>
                    <EndedButton clock={clock} onOpen={() => setShown(clock.id)} />
                  </li>
                ))}
              </ul>
            </details>
          )}
        </>
      )}
      <footer className={styles.foot}>
        {opens && may(me, "tickets.work") && (
          <Button
            look="quiet"
            className={styles.begin}
            icon={<Plus aria-hidden />}
            onClick={() => setBeginning(true)}
          >
            {t("clocks.begin")}
          </Button>
        )}
        {all.length > 0 && <Paper ticket={row.id} />}
      </footer>
      <Suspense>
        {looked && <DeadlineSheet row={row} clock={looked} onClose={() => setShown(undefined)} />}
        {beginning && <BeginDialog row={row} onClose={() => setBeginning(false)} />}
      </Suspense>
    </section>
  );
}

interface ItemProps {
  clock: Clock;
  onOpen: () => void;
}

function ClockButton({ clock, onOpen }: ItemProps) {
  const t = useText();
  const now = useNow(spanStep(Date.parse(clock.due) - useNow(30_000)));
  const mood = moodOf(clock, now);
  const Icon = icons[mood];
  const name = clockName(t, clock.kind);
  const pause = clock.state === "paused" ? clock.pauses.at(-1) : undefined;
  return (
    <button type="button" className={styles.clock} data-mood={mood} aria-haspopup="dialog" onClick={onOpen}>
      <span className={styles.head}>
        <strong>{name}</strong>
        {clock.evidence === "unconfirmed" && <span className={styles.doubt}>{t("clocks.unconfirmed")}</span>}
      </span>
      <span className={styles.left}>
        <Icon aria-hidden /> {standing(t, clock, now)}
      </span>
      <Course clock={clock} now={now} />
      <span className={styles.about}>{dueText(t, clock, now)}</span>
      {pause && <Since pause={pause} />}
      {clock.policy !== name && <span className={styles.rule}>{clock.policy}</span>}
    </button>
  );
}

/** Why a deadline stands still, and by whom. */
function Since({ pause }: { pause: PauseOf }) {
  const t = useText();
  const person = usePerson(pause.account_id);
  return (
    <span className={styles.rule}>
      {[pauseReason(t, pause.reason), person?.name].filter(Boolean).join(" · ")}
    </span>
  );
}

function EndedButton({ clock, onOpen }: ItemProps) {
  const t = useText();
  const Icon = clock.state === "missed" ? TriangleAlert : clock.state === "cancelled" ? Ban : Check;
  return (
    <button
      type="button"
      className={styles.clock}
      data-mood={clock.state === "missed" ? "late" : "done"}
      aria-haspopup="dialog"
      onClick={onOpen}
    >
      <span className={styles.head}>
        <span>{clockName(t, clock.kind)}</span>
        <span className={styles.left}>
          <Icon aria-hidden /> {t(`clock.state.${clock.state}`)}
        </span>
      </span>
    </button>
  );
}
