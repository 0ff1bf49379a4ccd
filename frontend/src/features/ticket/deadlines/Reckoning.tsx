import { useState } from "react";
import type { Clock } from "../../../api/types";
import { type Translate, useText } from "../../../lib/i18n";
import { clockTime, dayAndTime, sameDay } from "../../../lib/time";
import { Button } from "../../../ui/Button";
import { skipName, skipReason } from "../../../ui/deadline/words";
import { inDays, type Line, linesOf, termOf } from "./course";
import styles from "./DeadlineSheet.module.css";
import { amountText, daysText } from "./words";

const shown = 40;

/** The count of a deadline, line by line: what counted and how far it came by it, what did not and why. */
export function Reckoning({ clock }: { clock: Clock }) {
  const t = useText();
  const [whole, setWhole] = useState(false);
  const lines = linesOf(clock);
  const some = whole ? lines : lines.slice(0, shown);
  return (
    <section className={styles.section}>
      <h3 id="reckoning">{t("clocks.reckoning")}</h3>
      <table className={styles.table} aria-labelledby="reckoning">
        <thead>
          <tr>
            <th scope="col">{t("clocks.reckoning.when")}</th>
            <th scope="col">{t("clocks.reckoning.what")}</th>
            <th scope="col">{t("clocks.reckoning.sum")}</th>
          </tr>
        </thead>
        <tbody>
          {some.map((line) => (
            <tr key={line.from} className={line.counted ? undefined : styles.skipped}>
              <td>{when(clock, line)}</td>
              <td>{what(t, clock, line)}</td>
              <td>{line.counted ? sum(t, clock, line) : "—"}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {lines.length > some.length && (
        <Button look="quiet" onClick={() => setWhole(true)}>
          {t("deadline.more", { n: lines.length - some.length })}
        </Button>
      )}
    </section>
  );
}

/** Days of a count in days; of any other the hours too, where a line is within one. */
function when(clock: Clock, { from, to, reason }: Line): string {
  if (inDays(clock) && reason !== "paused") return daysText(from, to);
  if (to === undefined) return dayAndTime(from);
  if (sameDay(from, to - 1)) return `${daysText(from, to)}, ${clockTime(from)}–${clockTime(to)}`;
  return `${dayAndTime(from)} – ${dayAndTime(to)}`;
}

function what(t: Translate, clock: Clock, line: Line): string {
  if (line.counted) return t("clocks.reckoning.counted", { amount: amountText(t, clock, line.amount) });
  const reason = skipReason(t, line.reason);
  const name = line.name && skipName(t, line.reason, line.name);
  return name && name !== reason ? `${reason}: ${name}` : reason;
}

const sum = (t: Translate, clock: Clock, line: Line): string => {
  if (inDays(clock)) return t("clocks.reckoning.of", { sum: line.sum, of: clock.amount });
  const plain = { unit: "minutes" } as const;
  return t("clocks.reckoning.of", {
    sum: amountText(t, plain, line.sum),
    of: amountText(t, plain, termOf(clock)),
  });
};
