import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { X } from "lucide-react";
import { type ReactNode, useState } from "react";
import { linkIncident } from "../../api/incidents";
import { keys } from "../../api/keys";
import { tellRow, useFreshRow } from "../../api/rows";
import type { TicketRow } from "../../api/types";
import { useText } from "../../lib/i18n";
import { Button, IconButton } from "../../ui/Button";
import { DeadlineChip } from "../../ui/deadline/DeadlineChip";
import { toastError } from "../../ui/toast";
import { incidentTicketsQuery } from "./api";
import styles from "./incidents.module.css";

interface Props {
  id: number;
  /** How many of them an answer to all has not reached. */
  unreached: number;
  mayTakeOff: boolean;
  onTicket: (protocol: string) => void;
}

/** The tickets of an incident that the reader sees. */
export function Tickets({ id, unreached, mayTakeOff, onTicket }: Props) {
  const t = useText();
  const cache = useQueryClient();
  const [chosen, setChosen] = useState(false);
  const only = chosen && unreached > 0;
  const pages = useInfiniteQuery(incidentTicketsQuery(id, only));
  const rows = pages.data?.pages.flatMap((page) => page.items) ?? [];
  const off = useMutation({
    mutationFn: (row: TicketRow) => linkIncident(row.id, null),
    onSuccess: tellRow,
    onError: toastError,
    onSettled: () => cache.invalidateQueries({ queryKey: keys.incident(id) }),
  });
  return (
    <section className={styles.part} aria-label={t("incidents.tickets")}>
      <h2>{t("incidents.tickets")}</h2>
      {unreached > 0 && (
        <div className={styles.unreached}>
          <p>{t("incidents.unreached", { n: unreached })}</p>
          <Button aria-pressed={only} onClick={() => setChosen(!only)}>
            {t("incidents.unreached.only")}
          </Button>
        </div>
      )}
      {rows.length === 0 && !pages.isPending && <p className={styles.quiet}>{t("incidents.tickets.none")}</p>}
      <ul className={styles.rows}>
        {rows.map((row) => (
          <Line key={row.id} row={row} onTicket={onTicket}>
            {mayTakeOff && (
              <IconButton
                label={t("incidents.take_off", { subject: row.subject })}
                icon={<X />}
                onClick={() => off.mutate(row)}
              />
            )}
          </Line>
        ))}
      </ul>
      {pages.hasNextPage && (
        <Button busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          {t("incidents.more")}
        </Button>
      )}
    </section>
  );
}

/** A ticket as a line, with what can be done to it at the end. */
export function Line({
  row: read,
  onTicket,
  before,
  children,
}: {
  row: TicketRow;
  onTicket: (protocol: string) => void;
  before?: ReactNode;
  children?: ReactNode;
}) {
  const t = useText();
  const row = useFreshRow(read) ?? read;
  return (
    <li>
      {before}
      <div className={styles.ticket}>
        <a
          href={`/fila?view=all&t=${row.protocol}`}
          onClick={(e) => {
            if (e.ctrlKey || e.metaKey || e.shiftKey) return;
            e.preventDefault();
            onTicket(row.protocol);
          }}
        >
          {row.subject}
        </a>
        <span className={styles.quiet}>
          {row.customer_name || t("customer.unknown")} · <span className="numeric">{row.protocol}</span> ·{" "}
          {t(`status.${row.status}`)}
        </span>
      </div>
      <DeadlineChip row={row} />
      {children}
    </li>
  );
}
