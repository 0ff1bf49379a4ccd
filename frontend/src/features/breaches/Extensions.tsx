import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap } from "../../api/client";
import { keys } from "../../api/keys";
import { type Regime, regimesQuery } from "../../api/rules";
import { useNow } from "../../lib/clock";
import { currentLocale, useText } from "../../lib/i18n";
import { calendarDay, dayAndTime } from "../../lib/time";
import { SelectField } from "../../ui/Field";
import { ErrorState } from "../../ui/states";
import pageStyles from "./BreachesPage.module.css";
import styles from "./extensions.module.css";

const monthQuery = (regime: number, month: string) =>
  queryOptions({
    queryKey: [...keys.breaches, "extensions", regime, month],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/regimes/{id}/extensions", {
          params: { path: { id: String(regime) }, query: { month } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  });

/** The months of a year up to one, the newest first: "2026-11". */
function monthsTo(last: string): string[] {
  const [year, month] = last.split("-").map(Number) as [number, number];
  return Array.from({ length: 12 }, (_, back) =>
    new Date(Date.UTC(year, month - 1 - back, 1)).toISOString().slice(0, 7),
  );
}

const monthName = (month: string) =>
  new Intl.DateTimeFormat(currentLocale(), { timeZone: "UTC", month: "long", year: "numeric" }).format(
    new Date(`${month}-01T00:00:00Z`),
  );

/** How many deadlines a month has extended by each norm that lets it, against its cap. */
export function Extensions({ onOpen }: { onOpen: (protocol: string) => void }) {
  const t = useText();
  const today = calendarDay(useNow(60_000)).slice(0, 7);
  const [month, setMonth] = useState(today);
  const regimes = useQuery(regimesQuery).data?.filter((r) => r.active && (r.extension ?? 0) > 0) ?? [];
  if (regimes.length === 0) return null;
  return (
    <section className={pageStyles.section} aria-labelledby="extensions">
      <header className={styles.head}>
        <h2 id="extensions">{t("extensions.title")}</h2>
        <SelectField
          label={t("extensions.month")}
          value={month}
          options={monthsTo(today).map((value) => ({ value, name: monthName(value) }))}
          onChange={setMonth}
        />
      </header>
      {regimes.map((r) => (
        <Month key={r.id} regime={r} month={month} onOpen={onOpen} />
      ))}
    </section>
  );
}

interface MonthProps {
  regime: Regime;
  month: string;
  onOpen: (protocol: string) => void;
}

function Month({ regime, month, onOpen }: MonthProps) {
  const t = useText();
  const found = useQuery(monthQuery(regime.id, month));
  if (found.isError && !found.data)
    return <ErrorState error={found.error} onRetry={() => void found.refetch()} />;
  const c = found.data;
  const share = new Intl.NumberFormat(currentLocale(), { style: "percent", maximumFractionDigits: 1 });
  return (
    <div className={styles.regime}>
      <p className={styles.name}>
        <strong>{regime.name}</strong>
        {regime.evidence === "unconfirmed" && <span className={styles.doubt}>{t("clocks.unconfirmed")}</span>}
      </p>
      <a
        className={styles.paper}
        href={`/api/regimes/${regime.id}/extensions/certificate?month=${month}`}
        aria-label={t("extensions.paper.of", { name: regime.name, month: monthName(month) })}
        download
      >
        {t("extensions.paper")}
      </a>
      {c && (
        <p className={styles.figures}>
          {t(c.quota.cap === null ? "extensions.figures.free" : "extensions.figures", {
            n: c.quota.extensions,
            most: c.quota.most,
            cap: share.format((c.quota.cap ?? 0) / 100),
            demands: c.quota.demands,
            share: share.format(c.share / 100),
          })}
          {!c.ended && ` ${t("extensions.runs")}`}
        </p>
      )}
      {c && c.extensions.length > 0 && (
        <details className={styles.list}>
          <summary>{t("extensions.list", { n: c.extensions.length })}</summary>
          <ul>
            {c.extensions.map((x) => (
              <li key={`${x.ticket_id} ${x.at}`}>
                <a
                  href={`/fila?t=${x.protocol}`}
                  className="numeric"
                  onClick={(e) => {
                    if (e.ctrlKey || e.metaKey || e.shiftKey) return;
                    e.preventDefault();
                    onOpen(x.protocol);
                  }}
                >
                  {x.protocol}
                </a>
                <span>{t("extensions.one", { from: dayAndTime(x.old_due), to: dayAndTime(x.new_due) })}</span>
                <span className={styles.quiet}>
                  {x.reason} · {x.author}
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}
