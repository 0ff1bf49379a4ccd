import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { type Area, allAreasQuery } from "../../../api/areas";
import { teamsQuery } from "../../../api/directory";
import { keys } from "../../../api/keys";
import { type Translate, useText } from "../../../lib/i18n";
import { Button } from "../../../ui/Button";
import { EmptyState, ErrorState, Skeleton } from "../../../ui/states";
import { toast } from "../../../ui/toast";
import styles from "../settings.module.css";
import { AreaForm } from "./AreaForm";
import own from "./areas.module.css";

/** The parts of the company that tickets can ask: how each is reached, and how long it has. */
export function AreasPanel() {
  const t = useText();
  const cache = useQueryClient();
  const areas = useQuery(allAreasQuery);
  const teams = useQuery(teamsQuery);
  const [open, setOpen] = useState<Area | "new">();
  const failed = areas.error ?? teams.error;
  if (areas.isPending || teams.isPending) return <Skeleton rows={3} />;
  if (failed || !areas.data || !teams.data) {
    const again = () => void Promise.all([areas.refetch(), teams.refetch()]);
    return <ErrorState error={failed} onRetry={again} />;
  }
  if (open) {
    return (
      <AreaForm
        area={open === "new" ? undefined : open}
        teams={teams.data}
        onSaved={(saved) => {
          void cache.invalidateQueries({ queryKey: keys.areas });
          toast(t("area.saved", { area: saved.name }));
          setOpen(undefined);
        }}
        onClose={() => setOpen(undefined)}
      />
    );
  }
  const add = (
    <Button look="primary" icon={<Plus aria-hidden />} onClick={() => setOpen("new")}>
      {t("area.add")}
    </Button>
  );
  const team = (id: number | null) => teams.data.find((x) => x.id === id)?.name;
  return (
    <>
      <div className={styles.titled}>
        <h2>{t("settings.areas")}</h2>
        {areas.data.length > 0 && add}
      </div>
      {areas.data.length === 0 ? (
        <EmptyState title={t("area.none.title")} action={add}>
          {t("area.none.hint")}
        </EmptyState>
      ) : (
        <ul className={styles.list}>
          {areas.data.map((a) => (
            <li key={a.id} className={a.active ? undefined : styles.off}>
              <div>
                <strong>{a.name}</strong>
                <p className={`${styles.quiet} ${own.reached}`}>{reached(t, a, team(a.team_id))}</p>
              </div>
              <div className={styles.quiet}>{a.active ? rules(t, a) : t("area.off")}</div>
              <Button onClick={() => setOpen(a)} aria-label={t("area.edit.named", { area: a.name })}>
                {t("area.edit")}
              </Button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

const reached = (t: Translate, a: Area, team?: string) =>
  [...a.emails, team && t("area.reached.team", { team })].filter(Boolean).join(" · ");

const rules = (t: Translate, a: Area) =>
  [t(`area.within.${a.unit}`, { n: a.amount }), a.hides && t("area.hidden")].filter(Boolean).join(" · ");
