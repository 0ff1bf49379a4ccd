import { useQuery } from "@tanstack/react-query";
import { calendarsQuery } from "../../../api/calendars";
import { usePerson } from "../../../api/directory";
import type { Clock, TicketRow } from "../../../api/types";
import { useNow } from "../../../lib/clock";
import { useText } from "../../../lib/i18n";
import { dayAndTime, spanStep } from "../../../lib/time";
import { clockName } from "../../../ui/deadline/words";
import { Sheet } from "../../../ui/Sheet";
import { handClocksQuery } from "./api";
import { ClockActs } from "./ClockActs";
import { Course } from "./Course";
import styles from "./DeadlineSheet.module.css";
import { Facts } from "./Facts";
import { Ledger } from "./Ledger";
import { Paper } from "./Paper";
import { Reckoning } from "./Reckoning";
import { dueText, moodOf, standing, termText } from "./words";

interface SheetProps {
  row: TicketRow;
  clock: Clock;
  onClose: () => void;
}

/** All that is known of one deadline: where it stands, by which rule, what stood still, and every day of its count. */
export default function DeadlineSheet({ row, clock, onClose }: SheetProps) {
  const t = useText();
  const now = useNow(spanStep(Date.parse(clock.due) - useNow(30_000)));
  const hand = useQuery(handClocksQuery(row.id)).data?.started.find((s) => s.clock_id === clock.id);
  const calendar = useQuery(calendarsQuery).data?.find((c) => c.id === clock.calendar);
  return (
    <Sheet
      onClose={onClose}
      title={clockName(t, clock.kind)}
      aside={<Paper ticket={row.id} clock={clock.id} />}
    >
      <div className={styles.headline} data-mood={moodOf(clock, now)}>
        <p className={styles.standing}>{standing(t, clock, now)}</p>
        <p className={styles.due}>{dueText(t, clock, now)}</p>
      </div>
      <ClockActs row={row} clock={clock} byHand={hand !== undefined && !hand.stopped_by} />
      <Course clock={clock} now={now} large />
      <Facts clock={clock} calendar={calendar?.name ?? clock.calendar} />
      {hand && (
        <section className={styles.section}>
          <h3>{t("clocks.hand")}</h3>
          <By account={hand.account_id} at={hand.at} text={hand.reason} />
          {hand.given_due && <p>{t("clocks.hand.given", { due: dayAndTime(hand.given_due) })}</p>}
          {hand.stopped_by && clock.stopped_at && (
            <By
              account={hand.stopped_by}
              at={clock.stopped_at}
              text={t("clocks.hand.stopped", { how: hand.how })}
            />
          )}
        </section>
      )}
      {clock.extension && (
        <section className={styles.section}>
          <h3>{t("clocks.extension")}</h3>
          <p>
            {t("clocks.extension.told", {
              amount: termText(t, clock.extension.amount, clock.unit),
              from: dayAndTime(clock.extension.old_due),
              to: dayAndTime(clock.extension.new_due),
            })}
          </p>
          <By account={clock.extension.account_id} at={clock.extension.at} text={clock.extension.reason} />
        </section>
      )}
      <Ledger row={row} clock={clock} />
      <Reckoning clock={clock} />
    </Sheet>
  );
}

/** What somebody wrote, who and when. */
function By({ account, at, text }: { account: number; at: string; text: string }) {
  const t = useText();
  const person = usePerson(account);
  return (
    <p>
      {text}{" "}
      <span className={styles.quiet}>
        {person?.name ?? t("event.somebody")}, {dayAndTime(at)}
      </span>
    </p>
  );
}
