import { useQuery } from "@tanstack/react-query";
import { now } from "../../lib/clock";
import { useText } from "../../lib/i18n";
import { shortMoment } from "../../lib/time";
import { EmptyState } from "../../ui/states";
import { countsQuery, soonestQuery } from "./api";
import { isStock, type ListQuery } from "./view";

/** An empty list says what is true: how many are overdue elsewhere, and when the next one falls. */
export default function EmptyQueue({ query }: { query: ListQuery }) {
  const t = useText();
  const overdue = useQuery(countsQuery).data?.counts.breached ?? 0;
  const soonest = useQuery({ ...soonestQuery, enabled: !query.q && query.assignee === undefined }).data;
  if (query.q) {
    return (
      <EmptyState title={t("queue.empty.search", { q: query.q })}>{t("queue.empty.search.hint")}</EmptyState>
    );
  }
  if (query.assignee !== undefined) {
    return <EmptyState title={t("queue.empty.own")}>{t("queue.empty.own.hint")}</EmptyState>;
  }
  const next = soonest
    ? t("queue.empty.next", { due: shortMoment(soonest, now()) })
    : t("queue.empty.no_next");
  return (
    <EmptyState title={t(isStock(query.view) ? `queue.empty.${query.view}` : "queue.empty.saved")}>
      {query.view !== "breached" && t("queue.empty.overdue", { n: overdue })} {next}
    </EmptyState>
  );
}
