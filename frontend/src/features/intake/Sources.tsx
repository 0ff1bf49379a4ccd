import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { keys } from "../../api/keys";
import type { SourceHealth } from "../../api/types";
import { now } from "../../lib/clock";
import { useText } from "../../lib/i18n";
import { shortMoment } from "../../lib/time";
import { Button } from "../../ui/Button";
import { EmptyState, ErrorState, Skeleton } from "../../ui/states";
import { toast, toastError } from "../../ui/toast";
import { expectWithin, sourcesQuery } from "./api";
import styles from "./IntakePage.module.css";
import { failureInWords } from "./words";

/** Where things come from, how each place does, and after how much silence it is told. */
export function Sources() {
  const t = useText();
  const found = useQuery(sourcesQuery);
  if (found.isPending) return <Skeleton rows={4} />;
  if (found.isError && !found.data) {
    return <ErrorState error={found.error} onRetry={() => void found.refetch()} />;
  }
  if (found.data.items.length === 0) {
    return <EmptyState title={t("source.none")}>{t("intake.none.hint")}</EmptyState>;
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className={styles.scroll} tabIndex={0} aria-label={t("source.all")}>
      <table className={styles.sources}>
        <caption className="visually-hidden">{t("source.all")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("source.name")}</th>
            <th scope="col">{t("source.state")}</th>
            <th scope="col">{t("source.arrival")}</th>
            <th scope="col">{t("source.quiet_after")}</th>
          </tr>
        </thead>
        <tbody>
          {found.data.items.map((source) => (
            <Line key={`${source.channel} ${source.name}`} source={source} />
          ))}
        </tbody>
      </table>
      <p className={styles.quiet}>{t("source.quiet_after.hint")}</p>
    </section>
  );
}

function Line({ source }: { source: SourceHealth }) {
  const t = useText();
  const cache = useQueryClient();
  const channel = t(`channel.${source.channel as "email"}`);
  const name = source.name ? `${channel} · ${source.name}` : channel;
  const [hours, setHours] = useState(String(source.quiet_after));
  const [busy, setBusy] = useState(false);
  const wanted = Number(hours);
  const fits = Number.isInteger(wanted) && wanted >= 0 && wanted <= 1000 && hours.trim() !== "";
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (!fits || busy) return;
    setBusy(true);
    try {
      await expectWithin(source, wanted);
      await cache.invalidateQueries({ queryKey: keys.intakeSources });
      const now = cache.getQueryData(sourcesQuery.queryKey)?.items;
      const kept = now?.find((one) => one.channel === source.channel && one.name === source.name);
      setHours(String(kept?.quiet_after ?? wanted));
      toast(t("source.saved", { name }));
    } catch (error) {
      toastError(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <tr>
      <th scope="row">{name}</th>
      <td className={source.failure ? styles.fails : source.quiet ? styles.waits : undefined}>
        {source.failure
          ? failureInWords(t, source.failure)
          : t(source.quiet ? "source.state.quiet" : "source.state.well")}
      </td>
      <td>{source.last_arrival ? shortMoment(source.last_arrival, now()) : t("source.never")}</td>
      <td>
        <form className={styles.hours} onSubmit={(event) => void save(event)}>
          <input
            type="number"
            min={0}
            max={1000}
            value={hours}
            aria-label={t("source.quiet_after.of", { name })}
            aria-invalid={!fits || undefined}
            onChange={(e) => setHours(e.target.value)}
          />
          <span aria-hidden>{t("source.hours")}</span>
          {hours !== String(source.quiet_after) && (
            <Button type="submit" busy={busy} disabled={!fits}>
              {t("source.save")}
            </Button>
          )}
        </form>
      </td>
    </tr>
  );
}
