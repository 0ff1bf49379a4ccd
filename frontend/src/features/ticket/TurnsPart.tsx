import { useQuery } from "@tanstack/react-query";
import type { TicketRow } from "../../api/types";
import { type Translate, useText } from "../../lib/i18n";
import { roughSpan, shortMoment } from "../../lib/time";
import { type Turns, turnsQuery } from "./areas";
import styles from "./TurnsPart.module.css";

type Stretch = Turns["stretches"][number];

/** Where the days of a ticket went: a bar for the eye, a table for everybody. */
export default function TurnsPart({ row }: { row: TicketRow }) {
  const t = useText();
  const { data } = useQuery(turnsQuery(row));
  if (!data || data.stretches.length === 0) return null;
  const whole = Date.parse(data.until) - Date.parse(data.stretches[0]!.from) || 1;
  return (
    <section className={styles.turns} aria-labelledby="turns">
      <h3 id="turns">{t("turns.title")}</h3>
      <div className={styles.bar} aria-hidden>
        {data.stretches.map((s) => (
          <span
            key={s.from}
            className={styles[s.turn]}
            style={{ flexGrow: Math.max((Date.parse(s.to) - Date.parse(s.from)) / whole, 0.004) }}
            title={`${party(t, s)} · ${shortMoment(s.from, Date.parse(data.until))}`}
          />
        ))}
      </div>
      <table className={styles.table}>
        <caption className="visually-hidden">{t("turns.caption")}</caption>
        <thead className="visually-hidden">
          <tr>
            <th scope="col">{t("turns.who")}</th>
            <th scope="col">{t("turns.whole")}</th>
            <th scope="col">{t("turns.business")}</th>
          </tr>
        </thead>
        <tbody>
          {data.sums.map((s) => (
            <tr key={`${s.turn} ${s.area}`}>
              <th scope="row">
                <span className={`${styles.mark} ${styles[s.turn]}`} aria-hidden /> {party(t, s)}
              </th>
              <td className="numeric">{roughSpan(s.seconds * 1000)}</td>
              <td className="numeric">{t("turns.hours", { span: roughSpan(s.business_seconds * 1000) })}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const party = (t: Translate, s: Pick<Stretch, "turn" | "area">) =>
  s.turn === "area" ? s.area || t("turns.outside") : t(`turns.${s.turn}`);
