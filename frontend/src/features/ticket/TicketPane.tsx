import { useQuery } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense } from "react";
import { useFreshRow, useLiveRows } from "../../api/rows";
import { useText, withTexts } from "../../lib/i18n";
import { EmptyState, ErrorState, Skeleton } from "../../ui/states";
import { ticketQuery } from "./api";
import { Composer } from "./Composer";
import { MailSuggestions } from "./MailSuggestions";
import { TicketHead } from "./TicketHead";
import styles from "./TicketPane.module.css";
import { Timeline } from "./Timeline";
import { useLook } from "./useLook";

const IncidentStrip = lazy(() => withTexts(() => import("./IncidentStrip")));
const HandOverStrip = lazy(() => withTexts(() => import("./HandOverStrip")));
const DutyStrip = lazy(() => withTexts(() => import("./DutyStrip")));

const AreaStrip = lazy(() => withTexts(() => import("./AreaStrip")));

interface TicketPaneProps {
  protocol: string;
  onBack: () => void;
  /** Stands at the end of the title. */
  aside?: ReactNode;
}

/** One ticket: what it is, everything said, and where we answer. */
export function TicketPane({ protocol, onBack, aside }: TicketPaneProps) {
  const t = useText();
  const ticket = useQuery(ticketQuery(protocol));
  const row = useFreshRow(ticket.data?.ticket);
  useLook(row);
  const gone = useLiveRows((s) => (row ? s.gone.has(row.id) : false));

  if (gone) return <EmptyState title={t("ticket.gone")}>{t("ticket.gone.safe")}</EmptyState>;
  if (ticket.isError && !row)
    return <ErrorState error={ticket.error} onRetry={() => void ticket.refetch()} />;
  if (!row) return <Skeleton rows={5} height={88} />;
  return (
    <article className={styles.pane} aria-label={t("ticket.name", { subject: row.subject })}>
      <TicketHead key={row.id} row={row} onBack={onBack} aside={aside} />
      <Suspense>
        <IncidentStrip key={`incident-${row.id}`} row={row} />
      </Suspense>
      <MailSuggestions key={`suggestions-${row.id}`} ticketId={row.id} />
      {ticket.data?.ticket.id === row.id && ticket.data.hand_over && (
        <Suspense>
          <HandOverStrip over={ticket.data.hand_over} />
        </Suspense>
      )}
      {ticket.data?.ticket.id === row.id && ticket.data.duties.length > 0 && (
        <Suspense>
          <DutyStrip key={`duties-${row.id}`} row={row} duties={ticket.data.duties} />
        </Suspense>
      )}
      {(row.turn === "area" || row.area_answered_at || (ticket.data?.requests ?? 0) > 0) && (
        <Suspense>
          <AreaStrip key={`areas-${row.id}`} row={row} />
        </Suspense>
      )}
      <Timeline row={row} />
      <Composer key={`composer-${row.id}`} row={row} />
    </article>
  );
}
