import { useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { peopleQuery } from "../../api/directory";
import { type KeptPart, standingQuery } from "../../api/retention";
import { arrives } from "../../lib/arrives";
import { useText } from "../../lib/i18n";
import { fullDate } from "../../lib/time";
import { Button } from "../../ui/Button";
import styles from "./retention.module.css";

const HoldDialog = lazy(() => arrives(() => import("../../ui/HoldDialog")));

/** Until when what a ticket consists of is kept, by which rule, and whether somebody holds it. */
export default function Retention({
  ticketId,
  version,
  customer,
}: {
  ticketId: number;
  version: number;
  customer?: { id: number; name: string } | undefined;
}) {
  const t = useText();
  const cache = useQueryClient();
  const query = standingQuery(ticketId);
  // A ticket that is resolved, reopened or held is kept until another day: each is another version.
  const standing = useQuery({
    ...query,
    queryKey: [...query.queryKey, version],
    placeholderData: (was) => was,
  }).data;
  const people = useQuery(peopleQuery).data ?? [];
  const [act, setAct] = useState<{ holdId?: number }>();
  if (!standing) return null;
  return (
    <section className={styles.kept} aria-label={t("kept.title")}>
      <h3>{t("kept.title")}</h3>
      {standing.holds.map((h) => (
        <div key={h.id} className={styles.held}>
          <p>
            <strong>{t(h.customer_id ? "hold.customer" : "hold.here")}</strong> {h.reason}
          </p>
          <p>
            {t("hold.by", { who: people.find((p) => p.id === h.by)?.name ?? "", date: fullDate(h.since) })}
          </p>
          {standing.may_hold && (
            <Button look="quiet" className={styles.act} onClick={() => setAct({ holdId: h.id })}>
              {t("hold.lift")}
            </Button>
          )}
        </div>
      ))}
      <dl>
        {standing.parts.map((part) => (
          <Part key={part.part} part={part} open={standing.open} />
        ))}
      </dl>
      {standing.holds.length === 0 && !standing.purging && (
        <p className={styles.why}>{t("kept.purging_off")}</p>
      )}
      {standing.may_hold && !standing.holds.some((h) => h.ticket_id) && (
        <Button look="quiet" className={styles.act} onClick={() => setAct({})}>
          {t("hold.put")}
        </Button>
      )}
      {act && (
        <Suspense>
          <HoldDialog
            ticketId={ticketId}
            holdId={act.holdId}
            customer={standing.holds.some((h) => h.customer_id) ? undefined : customer}
            onDone={() => void cache.invalidateQueries({ queryKey: ["retention"] })}
            onClose={() => setAct(undefined)}
          />
        </Suspense>
      )}
    </section>
  );
}

function Part({ part, open }: { part: KeptPart; open: boolean }) {
  const t = useText();
  const rule = part.rules[0];
  return (
    <>
      <dt>{t(`kept.${part.part}`, { n: part.count })}</dt>
      <dd>
        {part.asked
          ? t("kept.asked")
          : part.until
            ? t("kept.until", { day: part.until.split("-").reverse().join("/") })
            : t(
                part.rules.length === 0 && !part.with_record
                  ? "kept.for_good"
                  : open
                    ? "kept.open"
                    : "kept.no_day",
              )}
      </dd>
      {rule && (
        <dd className={styles.why}>
          {t("kept.by", {
            term: t(`kept.term.${rule.unit}`, { n: rule.amount }),
            since: t(`kept.since.${rule.since}`),
            norm: rule.legal_ref || rule.name,
          })}
          {rule.evidence === "unconfirmed" && ` · ${t("kept.unconfirmed")}`}
        </dd>
      )}
    </>
  );
}
