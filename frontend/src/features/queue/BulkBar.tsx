import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { may, useMe } from "../../api/session";
import { arrives } from "../../lib/arrives";
import { useText } from "../../lib/i18n";
import { Button, IconButton } from "../../ui/Button";
import { countsQuery } from "./api";
import styles from "./BulkBar.module.css";
import { countBulk, type Target } from "./bulk";
import { chooseAll, clearSelection, useSelection } from "./selection";
import type { ListQuery } from "./view";

const BulkDialog = lazy(() => arrives(() => import("./BulkDialog")));

/** What was chosen in the list, and what can be done with all of it at once. */
export default function BulkBar({ query }: { query: ListQuery }) {
  const t = useText();
  const me = useMe();
  const { ids, all } = useSelection();
  const counts = useQuery(countsQuery).data;
  const [acting, setActing] = useState(false);
  const { view, team, assignee, channel, q } = query;
  const everything = { matching: { view, team, assignee, channel, q } };
  const target: Target = all ? everything : { ids: [...ids] };
  const mayAll = may(me, "bulk.matching");
  // Beside a whole view stands its counter; what a search or a filter leaves is asked for.
  const narrowed = Boolean(q || team || assignee || channel);
  const found = useQuery({
    queryKey: ["bulk", "count", everything],
    queryFn: ({ signal }) => countBulk(everything, signal),
    enabled: narrowed && mayAll,
    staleTime: 10_000,
    retry: false,
  });
  const held = narrowed ? found.data?.total : (counts?.saved?.[view] ?? counts?.counts[view]);
  const n = all && held !== undefined ? held : ids.size;

  return (
    <section className={styles.bar} aria-label={t("bulk")}>
      <span className={`${styles.count} numeric`} aria-live="polite">
        {t("bulk.chosen", { n })}
      </span>
      {!all && mayAll && held !== undefined && held > ids.size && (
        <Button look="quiet" onClick={chooseAll}>
          {t(narrowed ? "bulk.all.found" : "bulk.all", { n: held })}
        </Button>
      )}
      {found.error && <span className={styles.error}>{found.error.message}</span>}
      <Button look="primary" onClick={() => setActing(true)}>
        {t("bulk.change")}
      </Button>
      <IconButton label={t("bulk.clear")} icon={<X />} onClick={clearSelection} />
      <Suspense>{acting && <BulkDialog target={target} n={n} onClose={() => setActing(false)} />}</Suspense>
    </section>
  );
}
