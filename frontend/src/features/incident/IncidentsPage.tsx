import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { reasonPath, reasonsQuery, teamsQuery } from "../../api/directory";
import type { Incident, IncidentState } from "../../api/incidents";
import { may, useMe } from "../../api/session";
import { arrives } from "../../lib/arrives";
import { now } from "../../lib/clock";
import { useText } from "../../lib/i18n";
import { shortMoment } from "../../lib/time";
import { Button } from "../../ui/Button";
import { EmptyState, ErrorState, Skeleton } from "../../ui/states";
import { Tabs } from "../../ui/Tabs";
import { incidentsQuery } from "./api";
import styles from "./incidents.module.css";

const IncidentForm = lazy(() => arrives(() => import("./IncidentForm")));
const states = ["open", "solved", "closed"] as const satisfies IncidentState[];

/** Causes of many tickets: what is going wrong now, and what was. */
export function IncidentsPage({ onOpen }: { onOpen: (id: number) => void }) {
  const t = useText();
  const me = useMe();
  const [state, setState] = useState<IncidentState>("open");
  const [writing, setWriting] = useState(false);
  return (
    <div className={`${styles.page} quiet-scroll`}>
      <header className={styles.head}>
        <h1 className={styles.title}>{t("incidents.title")}</h1>
        {may(me, "incidents.run") && (
          <Button look="primary" icon={<Plus aria-hidden />} onClick={() => setWriting(true)}>
            {t("incidents.new")}
          </Button>
        )}
      </header>
      <Tabs
        label={t("incidents.title")}
        value={state}
        onChange={setState}
        tabs={states.map((value) => ({ value, name: t(`incidents.state.${value}`) }))}
      >
        <List state={state} onOpen={onOpen} />
      </Tabs>
      {writing && (
        <Suspense>
          <IncidentForm onClose={() => setWriting(false)} onDone={(incident) => onOpen(incident.id)} />
        </Suspense>
      )}
    </div>
  );
}

function List({ state, onOpen }: { state: IncidentState; onOpen: (id: number) => void }) {
  const t = useText();
  const incidents = useQuery(incidentsQuery(state));
  if (incidents.isPending) return <Skeleton rows={4} />;
  if (incidents.isError)
    return <ErrorState error={incidents.error} onRetry={() => void incidents.refetch()} />;
  if (incidents.data.length === 0) {
    return <EmptyState title={t(`incidents.none.${state}`)}>{t("incidents.none.hint")}</EmptyState>;
  }
  return (
    <ul className={styles.list}>
      {incidents.data.map((incident) => (
        <Line key={incident.id} incident={incident} onOpen={onOpen} />
      ))}
    </ul>
  );
}

function Line({ incident, onOpen }: { incident: Incident; onOpen: (id: number) => void }) {
  const t = useText();
  return (
    <li>
      <a
        href={`/incidentes/${incident.id}`}
        onClick={(e) => {
          if (e.ctrlKey || e.metaKey || e.shiftKey) return;
          e.preventDefault();
          onOpen(incident.id);
        }}
      >
        {incident.title}
      </a>
      <span className={styles.quiet}>
        {t("incident.since", { at: shortMoment(incident.started_at, now()) })}
        {incident.solved_at &&
          ` · ${t("incident.solved_at", { at: shortMoment(incident.solved_at, now()) })}`}
        <Concerns incident={incident} />
      </span>
    </li>
  );
}

/** What the incident concerns, in words; nothing when it concerns everything. */
export function Concerns({ incident }: { incident: Incident }) {
  const t = useText();
  const reasons = useQuery(reasonsQuery).data ?? [];
  const teams = useQuery(teamsQuery).data ?? [];
  const parts = [
    reasonPath(reasons, incident.reason_id),
    incident.channel && t(`channel.${incident.channel}`),
    teams.find((team) => team.id === incident.team_id)?.name,
  ].filter(Boolean);
  return parts.length > 0 ? ` · ${parts.join(" · ")}` : null;
}
