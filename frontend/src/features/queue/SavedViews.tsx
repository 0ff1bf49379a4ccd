import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Filter, Pencil, Plus } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { may, useMe } from "../../api/session";
import type { SavedView } from "../../api/types";
import { arrives } from "../../lib/arrives";
import { useText } from "../../lib/i18n";
import { IconButton } from "../../ui/Button";
import { countsQuery } from "./api";
import styles from "./SavedViews.module.css";
import { savedViewsQuery } from "./views";

const ViewDialog = lazy(() => arrives(() => import("./ViewDialog")));

/** The views that people have put together, with their live counters. */
export default function SavedViews() {
  const t = useText();
  const me = useMe();
  const counts = useQuery(countsQuery).data?.saved;
  const views = useQuery(savedViewsQuery).data ?? [];
  const [edited, setEdited] = useState<SavedView | "new">();
  const mayEdit = (view: SavedView) =>
    view.scope === "own" ? view.owner_id === me.id : may(me, "views.share");

  return (
    <section className={styles.saved} aria-label={t("views.saved")}>
      <header className={styles.head}>
        <h2>{t("views.saved")}</h2>
        <IconButton label={t("views.new")} icon={<Plus />} onClick={() => setEdited("new")} />
      </header>
      <ul>
        {views
          .filter((view) => view.pinned)
          .map((view) => (
            <li key={view.id} className={styles.item}>
              <Link
                to="/fila"
                search={{ view: `${view.id}`, sort: view.sort }}
                className={styles.view}
                activeOptions={{ includeSearch: true }}
              >
                <Filter aria-hidden />
                <span className={styles.name}>{view.name}</span>
                {counts?.[view.id] !== undefined && (
                  <span className={`${styles.count} numeric`}>
                    {counts[view.id]?.toLocaleString(me.locale)}
                  </span>
                )}
              </Link>
              {mayEdit(view) && (
                <IconButton
                  className={styles.edit}
                  label={t("views.edit", { name: view.name })}
                  icon={<Pencil />}
                  onClick={() => setEdited(view)}
                />
              )}
            </li>
          ))}
      </ul>
      <Suspense>
        {edited && (
          <ViewDialog view={edited === "new" ? undefined : edited} onClose={() => setEdited(undefined)} />
        )}
      </Suspense>
    </section>
  );
}
