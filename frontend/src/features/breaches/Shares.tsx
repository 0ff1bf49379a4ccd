import { useText } from "../../lib/i18n";
import styles from "./board.module.css";

interface Part<K> {
  key: K;
  name: string;
  breached: number;
  hour: number;
  ahead: number;
  misses: number;
}

interface SharesProps<K extends string | number> {
  title: string;
  parts: readonly Part<K>[];
  chosen: K | undefined;
  onChoose: (key: K | undefined) => void;
  /** Where the tickets behind the breached are listed. */
  of?: (key: K) => string;
}

/** Whose the deadlines are: a line a team, channel or regime. A name narrows the board to it. */
export function Shares<K extends string | number>({ title, parts, chosen, onChoose, of }: SharesProps<K>) {
  const t = useText();
  const most = Math.max(1, ...parts.map((p) => p.breached + p.ahead));
  return (
    <section className={styles.share}>
      <h2>{title}</h2>
      {parts.length === 0 ? (
        <p className={styles.none}>{t("board.nothing")}</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">{title}</th>
              <th scope="col">{t("board.col.breached")}</th>
              <th scope="col">{t("board.col.hour")}</th>
              <th scope="col">{t("board.col.ahead")}</th>
              <th scope="col">{t("board.col.misses")}</th>
            </tr>
          </thead>
          <tbody>
            {parts.map((p) => (
              <tr key={p.key}>
                <th scope="row">
                  <button
                    type="button"
                    aria-pressed={chosen === p.key}
                    onClick={() => onChoose(chosen === p.key ? undefined : p.key)}
                  >
                    {p.name}
                  </button>
                  <span className={styles.bar} aria-hidden>
                    <span className={styles.over} style={{ width: `${(100 * p.breached) / most}%` }} />
                    <span className={styles.coming} style={{ width: `${(100 * p.ahead) / most}%` }} />
                  </span>
                </th>
                <td className={p.breached > 0 ? styles.late : undefined}>
                  {of && p.breached > 0 ? <a href={of(p.key)}>{p.breached}</a> : p.breached}
                </td>
                <td>{p.hour}</td>
                <td>{p.ahead}</td>
                <td className={p.misses > 0 ? styles.late : undefined}>{p.misses}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
