import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { may, useMe } from "../../api/session";
import { useText } from "../../lib/i18n";
import { Button, IconButton } from "../../ui/Button";
import { countsQuery } from "./api";
import styles from "./BulkBar.module.css";
import type { Target } from "./bulk";
import { chooseAll, clearSelection, useSelection } from "./selection";
import type { ListQuery } from "./view";

const BulkDialog = lazy(() => import("./BulkDialog"));

/** What was chosen in the list, and what can be done with all of it at once. */
export default function BulkBar({ query }: { query: ListQuery }) {
  const t = useText();
  const me = useMe();
  const { ids, all } = useSelection();
  const counts = useQuery(countsQuery).data;
  const [acting, setActing] = useState(false);
  const narrowed = query.q || query.team || query.channel;
  const held = counts?.saved?.[query.view] ?? counts?.counts[query.view];
  const n = all && held !== undefined ? held : ids.size;
  const { view, team, channel, q } = query;
  const target: Target = all ? { matching: { view, team, channel, q } } : { ids: [...ids] };

  return (
    <section className={styles.bar} aria-label={t("bulk")}>
      <span className={`${styles.count} numeric`} aria-live="polite">
        {t("bulk.chosen", { n })}
      </span>
      {!all && !narrowed && may(me, "bulk.matching") && held !== undefined && held > ids.size && (
        <Button look="quiet" onClick={chooseAll}>
          {t("bulk.all", { n: held })}
        </Button>
      )}
      <Button look="primary" onClick={() => setActing(true)}>
        {t("bulk.change")}
      </Button>
      <IconButton label={t("bulk.clear")} icon={<X />} onClick={clearSelection} />
      <Suspense>{acting && <BulkDialog target={target} n={n} onClose={() => setActing(false)} />}</Suspense>
    </section>
  );
}
