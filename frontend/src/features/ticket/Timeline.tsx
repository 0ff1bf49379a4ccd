import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useLayoutEffect, useMemo, useRef } from "react";
import { peopleQuery, teamsQuery } from "../../api/directory";
import type { TicketRow, TimelineItem } from "../../api/types";
import { useNow } from "../../lib/clock";
import { useText, withTexts } from "../../lib/i18n";
import { shortMoment } from "../../lib/time";
import { ErrorState, Skeleton } from "../../ui/states";
import { timelineQuery } from "./api";
import { describe } from "./describe";
import { foldEvents } from "./fold";
import { MessageItem, NoteItem } from "./MessageItem";
import styles from "./Timeline.module.css";

const Routed = lazy(() => withTexts(() => import("./Routed")));
const AreaSaid = lazy(() => withTexts(() => import("./AreaSaid")));
const Moved = lazy(() => withTexts(() => import("./Moved")));
const routed = new Set(["ticket.routed", "ticket.unrouted"]);
const ofDeadlines = new Set(["ticket.clock", "clock.escalated", "ticket.escalated"]);

const nearEnd = 120;
const unfolded = 2;

/** Everything that was said and done about a ticket, in one line of time. */
export function Timeline({ row }: { row: TicketRow }) {
  const t = useText();
  const timeline = useQuery(timelineQuery(row.id));
  const blocks = useMemo(() => foldEvents(timeline.data?.items ?? []), [timeline.data]);
  const scroller = useRef<HTMLElement>(null);
  const atEnd = useRef(true);
  const count = timeline.data?.items.length ?? 0;

  // A ticket opens at its newest; whoever reads further up is not pulled down.
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs again for another ticket and for each new entry
  useLayoutEffect(() => {
    const el = scroller.current;
    if (el && atEnd.current) el.scrollTop = el.scrollHeight;
  }, [row.id, count]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another ticket starts at its end
  useEffect(() => {
    atEnd.current = true;
  }, [row.id]);

  if (timeline.isPending) return <Skeleton rows={4} height={96} />;
  if (timeline.isError && !timeline.data) {
    return <ErrorState error={timeline.error} onRetry={() => void timeline.refetch()} />;
  }
  return (
    <section
      ref={scroller}
      className={`${styles.scroller} quiet-scroll`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by key
      tabIndex={0}
      aria-label={t("timeline.name")}
      onScroll={(e) => {
        const el = e.currentTarget;
        atEnd.current = el.scrollHeight - el.scrollTop - el.clientHeight < nearEnd;
      }}
    >
      <ol className={styles.timeline}>
        {blocks.map((block) =>
          block.type === "events" ? (
            <EventLine key={block.items[0]!.id} items={block.items} />
          ) : (
            <li key={block.item.id}>
              {block.item.message && <MessageItem ticketId={row.id} message={block.item.message} />}
              {block.item.note && <NoteItem note={block.item.note} />}
            </li>
          ),
        )}
      </ol>
    </section>
  );
}

function EventLine({ items }: { items: TimelineItem[] }) {
  const t = useText();
  if (items.length <= unfolded) {
    return items.map((item) => (
      <li key={item.id} className={styles.event}>
        <EventText item={item} />
        {Boolean(item.event?.data?.way) && typeof item.event?.data?.request === "string" && (
          <Suspense>
            <AreaSaid request={item.event.data.request} />
          </Suspense>
        )}
      </li>
    ));
  }
  return (
    <li className={styles.event}>
      <details>
        <summary>
          <span>{t("timeline.events", { n: items.length })}</span>
          <EventText item={items.at(-1)!} />
        </summary>
        <ul>
          {items.map((item) => (
            <li key={item.id}>
              <EventText item={item} />
            </li>
          ))}
        </ul>
      </details>
    </li>
  );
}

function EventText({ item }: { item: TimelineItem }) {
  const t = useText();
  const people = useQuery(peopleQuery).data ?? [];
  const teams = useQuery(teamsQuery).data ?? [];
  const now = useNow(60_000);
  if (!item.event) return null;
  return (
    <span className={item.event.kind === "clock.breached" ? styles.breach : undefined}>
      {routed.has(item.event.kind) ? (
        <Suspense>
          <Routed event={item.event} people={people} now={now} />
        </Suspense>
      ) : item.event.deadlines || ofDeadlines.has(item.event.kind) ? (
        <Suspense>
          <Moved event={item.event} names={{ people, teams }} />
        </Suspense>
      ) : (
        describe(t, item.event, { people, teams })
      )}{" "}
      <time dateTime={item.at} className="numeric">
        {shortMoment(item.at, now)}
      </time>
    </span>
  );
}
