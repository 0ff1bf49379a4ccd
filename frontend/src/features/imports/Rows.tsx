import { useText } from "../../lib/i18n";
import styles from "./imports.module.css";

/** The first lines of a list, under the names of its columns. */
export function Rows({ columns, rows }: { columns: string[]; rows: string[][] }) {
  const t = useText();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className={styles.scroll} aria-label={t("imports.preview")} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map((c, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: two columns may have one name
              <th key={`${at} ${c}`} scope="col">
                {c}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells, n) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows of a file have no other name
            <tr key={n}>
              {columns.map((c, at) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: two columns may have one name
                <td key={`${at} ${c}`}>{cells[at]}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
