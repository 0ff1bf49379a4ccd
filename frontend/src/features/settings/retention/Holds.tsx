import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { peopleQuery } from "../../../api/directory";
import { useText } from "../../../lib/i18n";
import { fullDate } from "../../../lib/time";
import { ErrorState, Skeleton } from "../../../ui/states";
import styles from "../settings.module.css";
import { holdsQuery } from "./api";
import own from "./retention.module.css";

/** What is under a legal hold; each is lifted on its ticket. */
export function Holds() {
  const t = useText();
  const holds = useQuery(holdsQuery);
  const people = useQuery(peopleQuery).data ?? [];
  return (
    <section className={own.block}>
      <h2>{t("guarda.holds")}</h2>
      {holds.isPending ? (
        <Skeleton rows={1} />
      ) : holds.isError ? (
        <ErrorState error={holds.error} onRetry={() => void holds.refetch()} />
      ) : holds.data.length === 0 ? (
        <p className={styles.quiet}>{t("guarda.holds.none")}</p>
      ) : (
        <ul className={styles.list}>
          {holds.data.map((h) => (
            <li key={h.id}>
              <div className={own.rule}>
                {h.protocol ? (
                  <Link to="/fila" search={{ t: h.protocol } as never} className="numeric">
                    {h.protocol}
                  </Link>
                ) : (
                  <strong>{h.customer_name}</strong>
                )}
                <p>{h.reason}</p>
              </div>
              <span className={styles.quiet}>
                {t("hold.by", {
                  who: people.find((p) => p.id === h.by)?.name ?? "",
                  date: fullDate(h.since),
                })}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
