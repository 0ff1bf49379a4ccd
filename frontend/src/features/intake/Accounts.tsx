import type { IntakeDay } from "../../api/types";
import { useText } from "../../lib/i18n";
import { dayOnly } from "../../lib/time";
import { EmptyState } from "../../ui/states";
import styles from "./IntakePage.module.css";

const fates = ["ticket", "reply", "automatic", "duplicate", "quarantined", "discarded"] as const;

/** What each channel received on each day, and what became of it since. */
export function Accounts({ days }: { days: IntakeDay[] }) {
  const t = useText();
  if (days.length === 0) {
    return <EmptyState title={t("intake.none")}>{t("intake.none.hint")}</EmptyState>;
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className={styles.scroll} tabIndex={0} aria-label={t("intake.accounts")}>
      <table className={styles.accounts}>
        <caption className="visually-hidden">{t("intake.accounts")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("intake.day")}</th>
            <th scope="col">{t("intake.channel")}</th>
            <th scope="col">{t("intake.received")}</th>
            <th scope="col">{t("intake.accounted")}</th>
            <th scope="col">{t("intake.pending")}</th>
            {fates.map((fate) => (
              <th key={fate} scope="col">
                {t(`ledger.fate.${fate}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {days.map((row, at) => (
            <tr
              key={`${row.day} ${row.channel}`}
              className={row.day === days[at - 1]?.day ? undefined : styles.newDay}
            >
              <th scope="row">
                {row.day === days[at - 1]?.day ? (
                  <span className="visually-hidden">{dayOnly(noon(row.day))}</span>
                ) : (
                  dayOnly(noon(row.day))
                )}
              </th>
              <td>{t(`channel.${row.channel as "email"}`)}</td>
              <td className="numeric">{row.received}</td>
              <td className="numeric">{row.accounted}</td>
              <td className={row.pending > 0 ? `numeric ${styles.waits}` : "numeric"}>{row.pending}</td>
              {fates.map((fate) => (
                <td key={fate} className={row.by_fate[fate] ? "numeric" : `numeric ${styles.zero}`}>
                  {row.by_fate[fate] ?? 0}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** A day has no hour; at noon it is the same day in every zone of the country. */
const noon = (day: string) => `${day}T12:00:00-03:00`;
