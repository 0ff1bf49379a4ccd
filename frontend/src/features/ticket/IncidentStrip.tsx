import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Siren } from "lucide-react";
import { useState } from "react";
import { reasonsQuery } from "../../api/directory";
import {
  type Incident,
  linkIncident,
  looksLike,
  openIncidentsQuery,
  tellNews,
  ticketIncidentQuery,
} from "../../api/incidents";
import { keys } from "../../api/keys";
import { tellRow } from "../../api/rows";
import type { TicketRow } from "../../api/types";
import { now } from "../../lib/clock";
import { useCommands } from "../../lib/commands";
import { useText } from "../../lib/i18n";
import { shortMoment } from "../../lib/time";
import { Button } from "../../ui/Button";
import { toast, toastError } from "../../ui/toast";
import { refetchTicket } from "./api";
import { IncidentDialog } from "./IncidentDialog";
import styles from "./IncidentStrip.module.css";

/**
 * The incident of a ticket with what agents should know; or the one it looks like, with one key
 * to say that it is. Any other is chosen in a dialog.
 */
export default function IncidentStrip({ row }: { row: TicketRow }) {
  const t = useText();
  const cache = useQueryClient();
  const [choosing, setChoosing] = useState(false);
  const reasons = useQuery(reasonsQuery).data ?? [];
  const open = useQuery(openIncidentsQuery).data ?? [];
  const mine = useQuery({
    ...ticketIncidentQuery(row.id, row.incident_id),
    enabled: row.incident_id !== null,
  }).data;
  const link = useMutation({
    mutationFn: (incident: number | null) => linkIncident(row.id, incident),
    onSuccess: tellRow,
    onError: toastError,
    onSettled: () => {
      refetchTicket(cache, row.id);
      void cache.invalidateQueries({ queryKey: keys.incidents });
    },
  });
  const put = (incident: Incident) =>
    link.mutate(incident.id, {
      onSuccess: () =>
        toast(t("incident.linked", { title: incident.title }), {
          action: { name: t("ui.undo"), run: () => link.mutate(null) },
        }),
    });
  const alike = row.incident_id === null ? open.filter((i) => looksLike(i, row, reasons)) : [];
  const offered = alike[0];
  const linkable = row.incident_id === null && !row.walled && row.status !== "closed" && open.length > 0;
  useCommands({
    "ticket.incident": !linkable
      ? undefined
      : () => (offered && alike.length === 1 ? put(offered) : setChoosing(true)),
  });
  return (
    <>
      {mine?.incident && (
        <Banner incident={mine.incident} title={t("incident.of", { title: mine.incident.title })}>
          {mine.untold && <News row={row} />}
          <Button look="quiet" busy={link.isPending} onClick={() => link.mutate(null)}>
            {t("incident.unlink")}
          </Button>
        </Banner>
      )}
      {offered && (
        <Banner incident={offered} title={t("incident.alike", { title: offered.title })}>
          <Button
            busy={link.isPending}
            onClick={() => (alike.length === 1 ? put(offered) : setChoosing(true))}
            command="ticket.incident"
          >
            {t(alike.length === 1 ? "incident.is" : "incident.choose")}
          </Button>
        </Banner>
      )}
      {linkable && !offered && (
        <p className={styles.ask}>
          <Button
            look="quiet"
            icon={<Siren aria-hidden />}
            onClick={() => setChoosing(true)}
            command="ticket.incident"
          >
            {t("incident.link")}
          </Button>
        </p>
      )}
      {choosing && (
        <IncidentDialog
          incidents={open}
          onClose={() => setChoosing(false)}
          onChoose={(incident) => {
            setChoosing(false);
            put(incident);
          }}
        />
      )}
    </>
  );
}

function Banner({
  incident,
  title,
  children,
}: {
  incident: Incident;
  title: string;
  children: React.ReactNode;
}) {
  const t = useText();
  const at = now();
  return (
    <section className={styles.strip} aria-label={title}>
      <Siren aria-hidden />
      <div className={styles.content}>
        <strong>{title}</strong>
        <span className={styles.quiet}>
          {incident.state === "open"
            ? t("incident.since", { at: shortMoment(incident.started_at, at) })
            : t("incident.solved_at", { at: shortMoment(incident.solved_at ?? incident.updated_at, at) })}
          {incident.state === "open" &&
            incident.news_by !== null &&
            ` · ${t("incident.news_by", { at: shortMoment(incident.news_by, at) })}`}
        </span>
        {incident.inside && <p>{incident.inside}</p>}
      </div>
      <div className={styles.acts}>{children}</div>
    </section>
  );
}

function News({ row }: { row: TicketRow }) {
  const t = useText();
  const cache = useQueryClient();
  const tell = useMutation({
    mutationFn: () => tellNews(row.id),
    onSuccess: ({ ticket }) => {
      tellRow(ticket);
      toast(t("incident.news.sent"));
    },
    onError: toastError,
    onSettled: () => {
      refetchTicket(cache, row.id);
      void cache.invalidateQueries({ queryKey: keys.incidents });
    },
  });
  return (
    <Button busy={tell.isPending} onClick={() => tell.mutate()}>
      {t("incident.news")}
    </Button>
  );
}
