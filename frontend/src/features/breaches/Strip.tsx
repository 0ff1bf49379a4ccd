import { useId } from "react";
import { useText } from "../../lib/i18n";
import { clockTime } from "../../lib/time";
import type { Board } from "./api";
import styles from "./board.module.css";

const height = 96;
const step = 34;
const gap = 6;

/** The next four hours as a strip of quarter hours: what falls in each, and what of it will be missed. */
export function Strip({ quarters }: { quarters: Board["quarters"] }) {
  const t = useText();
  const id = useId();
  const most = Math.max(1, ...quarters.map((q) => q.due));
  const width = quarters.length * step;
  const none = quarters.every((q) => q.due === 0);
  const tall = (n: number) => (n === 0 ? 0 : Math.max(3, (n / most) * height));
  return (
    <figure className={styles.picture}>
      <figcaption>{t("board.strip")}</figcaption>
      <svg viewBox={`0 0 ${width} ${height + 34}`} aria-hidden>
        <defs>
          <pattern
            id={id}
            width="5"
            height="5"
            patternUnits="userSpaceOnUse"
            patternTransform="rotate(45)"
            className={styles.stripes}
          >
            <rect width="5" height="5" />
            <line x1="0" x2="0" y1="0" y2="5" strokeWidth="3" />
          </pattern>
        </defs>
        {quarters.map((q, i) => (
          <g key={q.from} transform={`translate(${i * step} 0)`}>
            <title>{t("board.strip.quarter", { at: clockTime(q.from), due: q.due, misses: q.misses })}</title>
            <rect
              className={styles.falls}
              x={gap / 2}
              width={step - gap}
              y={16 + height - tall(q.due)}
              height={tall(q.due)}
            />
            <rect
              fill={`url(#${id})`}
              x={gap / 2}
              width={step - gap}
              y={16 + height - tall(q.misses)}
              height={tall(q.misses)}
            />
            {q.due > 0 && (
              <text className={styles.count} x={step / 2} y={11 + height - tall(q.due)}>
                {q.due}
              </text>
            )}
            {i % 4 === 0 && (
              <text className={styles.tick} x={gap / 2} y={height + 32}>
                {clockTime(q.from)}
              </text>
            )}
          </g>
        ))}
        {none && (
          <text className={styles.empty} x={width / 2} y={height - 24}>
            {t("board.strip.none")}
          </text>
        )}
        <line className={styles.ground} x1="0" x2={width} y1={16.5 + height} y2={16.5 + height} />
      </svg>
      <p className={styles.key} aria-hidden>
        <span className={styles.keyFalls} /> {t("board.key.due")}
        <span className={styles.keyMisses} /> {t("board.key.misses")}
      </p>
      <table className="visually-hidden">
        <caption>{t("board.strip")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("board.quarter")}</th>
            <th scope="col">{t("board.key.due")}</th>
            <th scope="col">{t("board.key.misses")}</th>
          </tr>
        </thead>
        <tbody>
          {quarters.map((q) => (
            <tr key={q.from}>
              <th scope="row">{clockTime(q.from)}</th>
              <td>{q.due}</td>
              <td>{q.misses}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}
