import { currentLocale, useText } from "../../lib/i18n";
import { dayOnly } from "../../lib/time";
import type { KeptDay } from "./api";
import styles from "./board.module.css";

const height = 96;
const step = 18;
const gap = 4;

const percent = (part: number) =>
  new Intl.NumberFormat(currentLocale(), { style: "percent", maximumFractionDigits: 1 }).format(part);

/** How it went: a column a day of deadlines met and missed, and the share that was met. */
export function Compliance({ days }: { days: readonly KeptDay[] }) {
  const t = useText();
  const met = days.reduce((sum, d) => sum + d.met, 0);
  const missed = days.reduce((sum, d) => sum + d.missed, 0);
  const most = Math.max(1, ...days.map((d) => d.met + d.missed));
  const tall = (n: number) => (n === 0 ? 0 : Math.max(2, (n / most) * height));
  const width = days.length * step;
  const name = (day: string) => dayOnly(`${day}T12:00:00`);
  return (
    <figure className={styles.picture}>
      <figcaption>
        {met + missed === 0
          ? t("board.kept.none", { days: days.length })
          : t("board.kept", { share: percent(met / (met + missed)), days: days.length })}
      </figcaption>
      <svg viewBox={`0 0 ${width} ${height + 34}`} aria-hidden>
        {days.map((d, i) => (
          <g key={d.day} transform={`translate(${i * step} 0)`}>
            <title>{t("board.kept.day", { day: name(d.day), met: d.met, missed: d.missed })}</title>
            <rect
              className={styles.met}
              x={gap / 2}
              width={step - gap}
              y={16 + height - tall(d.met) - tall(d.missed)}
              height={tall(d.met)}
            />
            <rect
              className={styles.missed}
              x={gap / 2}
              width={step - gap}
              y={16 + height - tall(d.missed)}
              height={tall(d.missed)}
            />
            {i % 7 === 2 && (
              <text className={styles.tick} x={gap / 2} y={height + 32}>
                {d.day.slice(8)}/{d.day.slice(5, 7)}
              </text>
            )}
          </g>
        ))}
        <line className={styles.ground} x1="0" x2={width} y1={16.5 + height} y2={16.5 + height} />
      </svg>
      <p className={styles.key} aria-hidden>
        <span className={styles.keyMet} /> {t("board.key.met")}
        <span className={styles.keyMissed} /> {t("board.key.missed")}
      </p>
      <table className="visually-hidden">
        <caption>{t("board.kept.caption")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("board.day")}</th>
            <th scope="col">{t("board.key.met")}</th>
            <th scope="col">{t("board.key.missed")}</th>
          </tr>
        </thead>
        <tbody>
          {days.map((d) => (
            <tr key={d.day}>
              <th scope="row">{name(d.day)}</th>
              <td>{d.met}</td>
              <td>{d.missed}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}
