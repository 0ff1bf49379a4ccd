import type { ReactNode } from "react";
import type { Clock } from "../../../api/types";
import { useText } from "../../../lib/i18n";
import { dayAndTime } from "../../../lib/time";
import { otherEnd } from "./course";
import styles from "./DeadlineSheet.module.css";
import { evidenceText, plainDay, termText } from "./words";

/** By which rule a deadline is what it is, and how sure that rule is. */
export function Facts({ clock, calendar }: { clock: Clock; calendar: string }) {
  const t = useText();
  const other = otherEnd(clock);
  const rolled = clock.target !== clock.due;
  const law = [...new Set([clock.legal_ref, clock.norm].filter(Boolean))].join(" · ");
  return (
    <dl className={styles.facts}>
      <Fact name={t("clocks.fact.rule")}>{clock.policy}</Fact>
      {clock.regime && clock.regime !== clock.policy && (
        <Fact name={t("clocks.fact.regime")}>{clock.regime}</Fact>
      )}
      {law && <Fact name={t("clocks.fact.law")}>{law}</Fact>}
      {clock.evidence && (
        <Fact name={t("rules.evidence")}>
          <span className={clock.evidence === "unconfirmed" ? styles.doubt : undefined}>
            {evidenceText(t, clock.evidence)}
          </span>
          {clock.checked_by && (
            <> {t("rules.checked", { by: clock.checked_by, on: plainDay(clock.checked_on) })}</>
          )}
        </Fact>
      )}
      <Fact name={t("clocks.fact.term")}>
        {termText(t, clock.amount, clock.unit)}
        {clock.extension &&
          ` (${t("clocks.fact.extended", { amount: termText(t, clock.extension.amount, clock.unit) })})`}
      </Fact>
      <Fact name={t("clocks.fact.calendar")}>{calendar}</Fact>
      <Fact name={t("clocks.fact.pauses")}>
        {t(clock.may_pause ? "clocks.pauses.may" : "clocks.pauses.never")}
      </Fact>
      <Fact name={t("clocks.fact.start")}>{dayAndTime(clock.started_at)}</Fact>
      {other === undefined ? (
        <Fact name={t("clocks.fact.due")}>
          {clock.state === "paused" ? t("clocks.no_end") : dayAndTime(clock.due)}
        </Fact>
      ) : (
        <>
          <Fact name={t("clocks.fact.target")}>{dayAndTime(rolled ? other : clock.due)}</Fact>
          <Fact name={t("clocks.fact.limit")}>{dayAndTime(rolled ? clock.due : other)}</Fact>
        </>
      )}
      {clock.stopped_at && (
        <Fact name={t(`clocks.fact.${ending(clock)}`)}>{dayAndTime(clock.stopped_at)}</Fact>
      )}
      {clock.breached_at && <Fact name={t("clocks.fact.breached")}>{dayAndTime(clock.breached_at)}</Fact>}
    </dl>
  );
}

const ending = (clock: Clock) => (clock.state === "cancelled" ? "cancelled" : "stopped");

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}
