import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ArrowLeft, MessageSquareReply, Pencil } from "lucide-react";
import { lazy, Suspense, useEffect, useState } from "react";
import type { Incident } from "../../api/incidents";
import { keys } from "../../api/keys";
import { may, useMe } from "../../api/session";
import { arrives } from "../../lib/arrives";
import { now } from "../../lib/clock";
import { useText } from "../../lib/i18n";
import { shortMoment } from "../../lib/time";
import { Button } from "../../ui/Button";
import { ErrorState, Skeleton } from "../../ui/states";
import { toastError } from "../../ui/toast";
import { changeIncident, type IncidentDetail, incidentQuery } from "./api";
import { Concerns } from "./IncidentsPage";
import styles from "./incidents.module.css";
import { Runs } from "./Runs";
import { Suggested } from "./Suggested";
import { Tickets } from "./Tickets";

const IncidentForm = lazy(() => arrives(() => import("./IncidentForm")));
const AnswerDialog = lazy(() => arrives(() => import("./AnswerDialog")));

interface Props {
  id: number;
  onBack: () => void;
  onTicket: (protocol: string) => void;
}

/** One incident: what is known, its tickets, and what all of them were answered. */
export function IncidentPage({ id, onBack, onTicket }: Props) {
  const t = useText();
  const me = useMe();
  const detail = useQuery(incidentQuery(id));
  const cache = useQueryClient();
  // Tickets are put to it in the background, by whomever: the lists below follow the figures.
  const tickets = detail.data?.figures.tickets;
  useEffect(() => {
    if (tickets === undefined) return;
    for (const list of ["tickets", "suggestions"])
      void cache.invalidateQueries({ queryKey: [...keys.incident(id), list] });
  }, [cache, id, tickets]);
  const [doing, setDoing] = useState<"edit" | "answer">();
  if (detail.isPending) return <Skeleton rows={6} />;
  if (!detail.data) return <ErrorState error={detail.error} onRetry={() => void detail.refetch()} />;
  const { incident, figures, runs } = detail.data;
  const runsIt = may(me, "incidents.run");
  return (
    <div className={`${styles.page} quiet-scroll`}>
      <a
        className={styles.back}
        href="/incidentes"
        onClick={(e) => {
          e.preventDefault();
          onBack();
        }}
      >
        <ArrowLeft aria-hidden /> {t("incidents.title")}
      </a>
      <header className={styles.head}>
        <h1 className={styles.title}>{incident.title}</h1>
        <span className={styles.state} data-state={incident.state}>
          {t(`incidents.is.${incident.state}`)}
        </span>
        {runsIt && (
          <div className={styles.acts}>
            {incident.state !== "closed" && (
              <Button
                look="primary"
                icon={<MessageSquareReply aria-hidden />}
                disabled={figures.open === 0}
                onClick={() => setDoing("answer")}
              >
                {t("incidents.answer")}
              </Button>
            )}
            <Button icon={<Pencil aria-hidden />} onClick={() => setDoing("edit")}>
              {t("incidents.edit.short")}
            </Button>
            <Moves incident={incident} />
          </div>
        )}
      </header>
      <p className={styles.quiet}>
        {t("incident.since", { at: shortMoment(incident.started_at, now()) })}
        {incident.solved_at &&
          ` · ${t("incident.solved_at", { at: shortMoment(incident.solved_at, now()) })}`}
        {incident.news_by && ` · ${t("incident.news_by", { at: shortMoment(incident.news_by, now()) })}`}
        <Concerns incident={incident} />
      </p>
      <Figures figures={figures} />
      <div className={styles.says}>
        <Says title={t("incidents.inside")} text={incident.inside} />
        <Says title={t("incidents.outside")} text={incident.outside} />
      </div>
      <Runs incident={id} runs={runs} mayStop={runsIt} />
      <Tickets id={id} unreached={figures.unreached} mayTakeOff={runsIt} onTicket={onTicket} />
      {runsIt && incident.state !== "closed" && <Suggested incident={incident} onTicket={onTicket} />}
      <Suspense>
        {doing === "edit" && (
          <IncidentForm incident={incident} onClose={() => setDoing(undefined)} onDone={() => undefined} />
        )}
        {doing === "answer" && <AnswerDialog incident={incident} onClose={() => setDoing(undefined)} />}
      </Suspense>
    </div>
  );
}

function Figures({ figures }: { figures: IncidentDetail["figures"] }) {
  const t = useText();
  return (
    <dl className={styles.figures}>
      {(["tickets", "customers", "open", "answered"] as const).map((name) => (
        <div key={name}>
          <dt>{t(`incidents.figure.${name}`)}</dt>
          <dd className="numeric">{figures[name]}</dd>
        </div>
      ))}
      {figures.last && (
        <div>
          <dt>{t("incidents.figure.last")}</dt>
          <dd className={styles.when}>{shortMoment(figures.last, now())}</dd>
        </div>
      )}
    </dl>
  );
}

function Says({ title, text }: { title: string; text: string }) {
  const t = useText();
  return (
    <section>
      <h2>{title}</h2>
      {text ? (
        <p className={styles.told}>{text}</p>
      ) : (
        <p className={styles.quiet}>{t("incidents.nothing")}</p>
      )}
    </section>
  );
}

/** Where an incident can go from where it stands. */
function Moves({ incident }: { incident: Incident }) {
  const t = useText();
  const cache = useQueryClient();
  const move = useMutation({
    mutationFn: (state: Incident["state"]) => changeIncident(incident, { state }),
    onError: toastError,
    onSettled: () => cache.invalidateQueries({ queryKey: keys.incidents }),
  });
  const to = { open: ["solved"], solved: ["open", "closed"], closed: ["open"] } as const;
  return to[incident.state].map((state) => (
    <Button key={state} busy={move.isPending} onClick={() => move.mutate(state)}>
      {t(`incidents.move.${state}`)}
    </Button>
  ));
}
