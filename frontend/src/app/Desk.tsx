import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { PanelRight } from "lucide-react";
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useMe } from "../api/session";
import type { TicketRow } from "../api/types";
import { QueueHead } from "../features/queue/QueueHead";
import { QueueList } from "../features/queue/QueueList";
import type { ListQuery } from "../features/queue/view";
import { ticketQuery, timelineQuery } from "../features/ticket/api";
import { TicketPane } from "../features/ticket/TicketPane";
import { arrives } from "../lib/arrives";
import { useCommands } from "../lib/commands";
import { useText } from "../lib/i18n";
import { useMedia } from "../lib/media";
import { usePrefs } from "../lib/prefs";
import { IconButton } from "../ui/Button";
import { Splitter } from "../ui/Splitter";
import { EmptyState } from "../ui/states";
import styles from "./Desk.module.css";

const CustomerPane = lazy(() => arrives(() => import("../features/ticket/CustomerPane")));

const roomForCustomer = "(min-width: 1200px)";
const openPause = 90;

/** The agent's screen: queue, ticket, customer. */
export function Desk() {
  const t = useText();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const { view, sort = "due", q, team, own, channel, t: open } = useSearch({ from: "/inside/fila" });
  const assignee = useMe().id;
  const query = useMemo<ListQuery>(
    () => ({ view, sort, q, team, channel, assignee: own ? assignee : undefined }),
    [view, sort, q, team, channel, own, assignee],
  );
  const { panes, customerOpen, set } = usePrefs();
  const wide = useMedia(roomForCustomer);
  const [peeking, setPeeking] = useState(false);

  const go = useCallback(
    (protocol: string | undefined, replace: boolean) =>
      void navigate({ to: "/fila", search: (now) => ({ ...now, t: protocol }), replace }),
    [navigate],
  );
  // Running down the list with a key held must not open every ticket on the way.
  const opening = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(opening.current), []);
  const openRow = (row: TicketRow) => {
    clearTimeout(opening.current);
    if (!open) return go(row.protocol, false);
    opening.current = setTimeout(() => go(row.protocol, true), openPause);
  };
  const prefetch = (rows: TicketRow[]) => {
    for (const row of rows) {
      void cache.prefetchQuery(ticketQuery(row.protocol));
      void cache.prefetchQuery(timelineQuery(row.id));
    }
  };

  const customerShown = open !== undefined && (wide ? customerOpen : peeking);
  const toggleCustomer = () => (wide ? set({ customerOpen: !customerOpen }) : setPeeking(!peeking));
  const close = () => {
    if (peeking && !wide) setPeeking(false);
    else go(undefined, false);
  };
  useCommands({
    "queue.back": open ? close : undefined,
    "ticket.customer": open ? toggleCustomer : undefined,
  });

  return (
    <div className={styles.desk} data-open={open ? "" : undefined}>
      <h1 className="visually-hidden">{t("desk.queue")}</h1>
      <section className={styles.list} style={{ width: panes.list }} aria-label={t("desk.queue")}>
        <QueueHead
          query={query}
          own={own ?? false}
          onChange={(change) =>
            void navigate({ to: "/fila", search: (now) => ({ ...now, ...change }), replace: true })
          }
        />
        <QueueList
          key={`${view}/${sort}/${q}/${own}`}
          query={query}
          open={open}
          onOpen={openRow}
          onNear={prefetch}
        />
      </section>
      <Splitter
        label={t("desk.resize.list")}
        value={panes.list}
        min={280}
        max={680}
        side="before"
        onChange={(list) => set({ panes: { ...panes, list } })}
      />
      <section className={styles.ticket} aria-label={t("desk.ticket")}>
        {open ? (
          <TicketPane
            protocol={open}
            onBack={close}
            aside={
              <IconButton
                label={t("command.ticket.customer")}
                icon={<PanelRight />}
                command="ticket.customer"
                aria-pressed={customerShown}
                onClick={toggleCustomer}
              />
            }
          />
        ) : (
          <EmptyState title={t("desk.none")}>{t("desk.none.hint")}</EmptyState>
        )}
      </section>
      {customerShown && (
        <>
          <Splitter
            label={t("desk.resize.customer")}
            value={panes.customer}
            min={220}
            max={480}
            side="after"
            onChange={(customer) => set({ panes: { ...panes, customer } })}
          />
          <aside
            className={styles.customer}
            style={{ width: panes.customer }}
            aria-label={t("desk.customer")}
          >
            <Suspense>
              <CustomerPane protocol={open} onOpen={(protocol) => go(protocol, false)} />
            </Suspense>
          </aside>
        </>
      )}
    </div>
  );
}
