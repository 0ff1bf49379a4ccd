import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { peopleQuery } from "../../../api/directory";
import { arrives } from "../../../lib/arrives";
import { useText } from "../../../lib/i18n";
import { fullDate } from "../../../lib/time";
import { Button } from "../../../ui/Button";
import { ErrorState, Skeleton } from "../../../ui/states";
import styles from "../settings.module.css";
import { holdsQuery, retentionKey } from "./api";
import own from "./retention.module.css";

const HoldDialog = lazy(() => arrives(() => import("../../../ui/HoldDialog")));

/** What is under a legal hold, and whose; each is put on a ticket and lifted there or here. */
export function Holds() {
  const t = useText();
  const cache = useQueryClient();
  const [lifting, setLifting] = useState<number>();
  const holds = useQuery(holdsQuery);
  const people = useQuery(peopleQuery).data ?? [];
  return (
    <section className={own.block}>
      <h3>{t("guarda.holds")}</h3>
      <p className={own.hint}>{t("guarda.holds.hint")}</p>
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
                  <strong>{t("guarda.holds.customer", { name: h.customer_name })}</strong>
                )}
                <p>{h.reason}</p>
                <p>
                  {t("hold.by", {
                    who: people.find((p) => p.id === h.by)?.name ?? "",
                    date: fullDate(h.since),
                  })}
                </p>
              </div>
              <Button
                look="quiet"
                aria-label={t("guarda.holds.lift.of", { name: h.protocol || h.customer_name })}
                onClick={() => setLifting(h.id)}
              >
                {t("guarda.holds.lift")}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {lifting && (
        <Suspense>
          <HoldDialog
            holdId={lifting}
            onDone={() => void cache.invalidateQueries({ queryKey: retentionKey })}
            onClose={() => setLifting(undefined)}
          />
        </Suspense>
      )}
    </section>
  );
}
