import { queryOptions, useQuery } from "@tanstack/react-query";
import { ChevronRight } from "lucide-react";
import { useId, useState } from "react";
import { api, unwrap } from "../../api/client";
import { usePerson, useTeam } from "../../api/directory";
import { keys } from "../../api/keys";
import { useFreshRow } from "../../api/rows";
import type { Breach } from "../../api/types";
import { now, useNow } from "../../lib/clock";
import { useText } from "../../lib/i18n";
import { shortMoment, spanInWords } from "../../lib/time";
import { Avatar } from "../../ui/Avatar";
import { DeadlineChip } from "../../ui/deadline/DeadlineChip";
import { clockName } from "../../ui/deadline/words";
import { EmptyState, ErrorState, Skeleton } from "../../ui/states";
import { Alerts } from "./Alerts";
import type { BoardFilter } from "./api";
import { Board } from "./Board";
import styles from "./BreachesPage.module.css";
import { Extensions } from "./Extensions";
import { Figure } from "./Figure";

const breachesQuery = queryOptions({
  queryKey: keys.breaches,
  queryFn: ({ signal }) => unwrap(api.GET("/api/breaches", { signal })),
  // What is "within an hour" moves with the clock, even when nothing happens.
  refetchInterval: 60_000,
});

interface Props {
  filter: BoardFilter;
  onFilter: (filter: BoardFilter) => void;
  onOpen: (protocol: string) => void;
}

/** Whether a ticket is of what the board was narrowed to. */
const among = (filter: BoardFilter) => (item: Breach) =>
  (filter.team === undefined || item.ticket.team_id === filter.team) &&
  (filter.channel === undefined || item.ticket.channel === filter.channel) &&
  (filter.regime === undefined || item.clock.regime_id === filter.regime);

/** The deadlines of the desk: in figures and pictures first, then each that ran out or is about to. */
export function BreachesPage({ filter, onFilter, onOpen }: Props) {
  const t = useText();
  const breaches = useQuery(breachesQuery);
  if (breaches.isPending) return <Skeleton rows={8} />;
  if (breaches.isError && !breaches.data) {
    return <ErrorState error={breaches.error} onRetry={() => void breaches.refetch()} />;
  }
  const upcoming = breaches.data.upcoming.filter(among(filter));
  const past = breaches.data.breached.filter(among(filter));
  const breached = past.filter((item) => item.clock.state === "running");
  const answered = past.filter((item) => item.clock.state !== "running");
  return (
    <div className={`${styles.page} quiet-scroll`}>
      <h1 className={styles.title}>{t("breaches.title")}</h1>
      <Board filter={filter} onFilter={onFilter}>
        <Oldest items={breached} />
      </Board>
      <Alerts onOpen={onOpen} />
      <BreachTable
        title={t("breaches.now")}
        empty={t("breaches.now.none")}
        items={breached}
        onOpen={onOpen}
      />
      <BreachTable
        title={t("breaches.soon")}
        empty={t("breaches.soon.none")}
        items={upcoming}
        onOpen={onOpen}
      />
      <BreachTable
        folded
        title={t("breaches.answered")}
        empty={t("breaches.answered.none")}
        items={answered}
        onOpen={onOpen}
      />
      <Extensions onOpen={onOpen} />
    </div>
  );
}

function Oldest({ items }: { items: Breach[] }) {
  const t = useText();
  const at = useNow(60_000);
  const first = items.reduce<number>(
    (min, item) => Math.min(min, Date.parse(item.clock.due)),
    Number.POSITIVE_INFINITY,
  );
  return (
    <Figure name={t("breaches.oldest")} value={Number.isFinite(first) ? spanInWords(at - first) : "–"} />
  );
}

interface TableProps {
  title: string;
  empty: string;
  items: Breach[];
  /** What is over: closed at first, with its count. */
  folded?: boolean;
  onOpen: (protocol: string) => void;
}

function BreachTable({ title, empty, items, folded, onOpen }: TableProps) {
  const [open, setOpen] = useState(!folded);
  const id = useId();
  return (
    <section className={styles.section}>
      <h2>
        {folded ? (
          <button
            type="button"
            className={styles.fold}
            aria-expanded={open}
            aria-controls={id}
            onClick={() => setOpen(!open)}
          >
            <ChevronRight aria-hidden /> {title} <span className="numeric">{items.length}</span>
          </button>
        ) : (
          title
        )}
      </h2>
      <div id={id} hidden={!open}>
        {open && <Lines empty={empty} items={items} onOpen={onOpen} />}
      </div>
    </section>
  );
}

function Lines({ empty, items, onOpen }: Pick<TableProps, "empty" | "items" | "onOpen">) {
  const t = useText();
  return (
    <>
      {items.length === 0 ? (
        <EmptyState title={empty} />
      ) : (
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{t("breaches.deadline")}</th>
              <th scope="col">{t("breaches.clock")}</th>
              <th scope="col">{t("breaches.ticket")}</th>
              <th scope="col">{t("ticket.team")}</th>
              <th scope="col">{t("breaches.holder")}</th>
            </tr>
          </thead>
          <tbody>
            {items.map((item) => (
              <BreachRow key={item.clock.id} item={item} onOpen={onOpen} />
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

function BreachRow({ item, onOpen }: { item: Breach; onOpen: (protocol: string) => void }) {
  const t = useText();
  const row = useFreshRow(item.ticket)!;
  const person = usePerson(row.holder_id ?? row.assignee_id);
  const team = useTeam(row.team_id);
  // The line is about this clock, which need not be the one that falls next.
  const ofClock = { ...row, next_due: item.clock.due, next_clock: item.clock.kind, paused: "", clocks: 1 };
  return (
    <tr>
      <td>
        {item.clock.state === "running" ? (
          <DeadlineChip row={ofClock} />
        ) : (
          <span className={styles.quiet}>{t(`clock.state.${item.clock.state}`)}</span>
        )}
      </td>
      <td>
        {clockName(t, item.clock.kind)}
        <span className={styles.quiet}>{shortMoment(item.clock.due, now())}</span>
      </td>
      <td className={styles.ticket}>
        <a
          href={`/fila?t=${row.protocol}`}
          onClick={(e) => {
            if (e.ctrlKey || e.metaKey || e.shiftKey) return;
            e.preventDefault();
            onOpen(row.protocol);
          }}
        >
          {row.subject}
        </a>
        <span className={styles.quiet}>
          <span className="numeric">{row.protocol}</span> · {row.customer_name || t("customer.unknown")}
        </span>
      </td>
      <td>{team?.name}</td>
      <td>
        {person ? (
          <span className={styles.person}>
            <Avatar id={person.id} name={person.name} size={18} label="" /> {person.name}
          </span>
        ) : (
          <span className={styles.quiet}>{t("breaches.nobody")}</span>
        )}
      </td>
    </tr>
  );
}
