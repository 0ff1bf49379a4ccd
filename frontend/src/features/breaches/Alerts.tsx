import { useQuery } from "@tanstack/react-query";
import { useNow } from "../../lib/clock";
import { useText } from "../../lib/i18n";
import { shortMoment } from "../../lib/time";
import { clockName } from "../../ui/deadline/words";
import { alertsQuery } from "./api";
import styles from "./BreachesPage.module.css";

/** What the ladders have told me and nobody has answered yet; nothing when there is nothing. */
export function Alerts({ onOpen }: { onOpen: (protocol: string) => void }) {
  const t = useText();
  const now = useNow(60_000);
  const alerts = useQuery(alertsQuery).data ?? [];
  if (alerts.length === 0) return null;
  return (
    <section className={styles.section}>
      <h2>{t("alerts.title")}</h2>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{t("breaches.deadline")}</th>
            <th scope="col">{t("breaches.clock")}</th>
            <th scope="col">{t("breaches.ticket")}</th>
            <th scope="col">{t("alerts.when")}</th>
          </tr>
        </thead>
        <tbody>
          {alerts.map((a) => (
            <tr key={`${a.ticket_id} ${a.policy} ${a.due}`}>
              <td className="numeric">{shortMoment(a.due, now)}</td>
              <td>
                {clockName(t, a.clock)}
                <span className={styles.quiet}>
                  {a.stage < 100 ? t("alerts.used", { stage: a.stage }) : t("alerts.over")}
                </span>
              </td>
              <td className={styles.ticket}>
                <a
                  href={`/fila?t=${a.protocol}`}
                  onClick={(e) => {
                    if (e.ctrlKey || e.metaKey || e.shiftKey) return;
                    e.preventDefault();
                    onOpen(a.protocol);
                  }}
                >
                  {a.subject}
                </a>
                <span className={styles.quiet}>
                  <span className="numeric">{a.protocol}</span>
                </span>
              </td>
              <td className="numeric">{shortMoment(a.at, now)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
