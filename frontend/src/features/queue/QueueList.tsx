import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowUp } from "lucide-react";
import { type KeyboardEvent, lazy, Suspense, useEffect, useRef, useState } from "react";
import { watchRows } from "../../api/here";
import type { TicketRow } from "../../api/types";
import { useCommands } from "../../lib/commands";
import { useText, withTexts } from "../../lib/i18n";
import { type Density, usePrefs } from "../../lib/prefs";
import { Button } from "../../ui/Button";
import { ErrorState, Skeleton } from "../../ui/states";
import styles from "./QueueList.module.css";
import { QueueRowItem } from "./QueueRowItem";
import { choose, chooseTo, clearSelection, toggle, useSelection } from "./selection";
import { useQueue } from "./useQueue";
import { useStillness } from "./useStillness";
import { useViewName } from "./useViewName";
import type { ListQuery } from "./view";

const BulkBar = lazy(() => withTexts(() => import("./BulkBar")));
const EmptyQueue = lazy(() => withTexts(() => import("./EmptyQueue")));

export const rowHeights: Record<Density, number> = { compact: 32, normal: 52, comfortable: 68 };
const loadAhead = 20;

interface QueueListProps {
  query: ListQuery;
  /** Protocol of the ticket that is open beside the list. */
  open: string | undefined;
  onOpen: (row: TicketRow) => void;
  /** The rows around the cursor, to be fetched before they are asked for. */
  onNear: (rows: TicketRow[]) => void;
}

export function QueueList({ query, open, onOpen, onNear }: QueueListProps) {
  const t = useText();
  const density = usePrefs((p) => p.density);
  const scale = usePrefs((p) => p.scale);
  const { still, touch, ...stillness } = useStillness();
  const { list, rows, arrivals, settle } = useQueue(query, still);
  const name = useViewName(query.view);
  const key = JSON.stringify(query);
  const selection = useSelection();
  const chosen = selection.list === key ? selection.ids : undefined;
  const choosing = (chosen?.size ?? 0) > 0;
  useEffect(() => clearSelection, []);
  const [cursorId, setCursorId] = useState<number>();
  const scroller = useRef<HTMLDivElement>(null);
  const height = Math.round(rowHeights[density] * scale);

  // React's compiler is not in use here; the virtualizer's functions are meant to change.
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 8,
    getItemKey: (at) => rows[at]?.row.id ?? at,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows are measured anew when their height changes
  useEffect(() => virtual.measure(), [height]);

  const items = virtual.getVirtualItems();
  const firstShown = items[0]?.index ?? 0;
  const shown = items.flatMap((item) => rows[item.index]?.row.id ?? []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the ids are what counts
  useEffect(() => watchRows(shown.slice(0, 100)), [shown.join()]);
  useEffect(() => () => watchRows([]), []);
  const lastShown = items.at(-1)?.index ?? 0;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && lastShown >= rows.length - loadAhead) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage, lastShown, rows.length]);

  const found = rows.findIndex((r) => r.row.id === cursorId);
  const opened = rows.findIndex((r) => r.row.protocol === open);
  const cursor = found >= 0 ? found : opened;
  // Some row that is drawn is always reached by Tab, also when the cursor's is far away.
  const reachable = Math.min(lastShown, Math.max(firstShown, cursor));

  const move = (to: number) => {
    const target = rows[Math.min(rows.length - 1, Math.max(0, to))];
    if (!target) return;
    touch();
    setCursorId(target.row.id);
    const at = rows.indexOf(target);
    virtual.scrollToIndex(at);
    requestAnimationFrame(() =>
      scroller.current?.querySelector<HTMLElement>(`[data-row="${target.row.id}"]`)?.focus(),
    );
    onNear([rows[at - 1], target, rows[at + 1]].flatMap((r) => (r ? [r.row] : [])));
    if (open) onOpen(target.row);
  };
  const stretch = (to: number) => {
    const target = rows[Math.min(rows.length - 1, Math.max(0, to))];
    if (!target) return;
    const ids = rows.map((r) => r.row.id);
    chooseTo(key, ids, (rows[cursor] ?? target).row.id, target.row.id);
  };
  // Rows are drawn again only when they are others; what they reach is always the list as it is.
  const reach = useRef(stretch);
  reach.current = stretch;
  const chooseCursor = () => {
    const here = rows[Math.max(0, cursor)]; // where the keyboard goes in
    if (here) toggle(key, here.row.id);
  };
  const openCursor = () => {
    const target = rows[cursor];
    if (target) onOpen(target.row);
  };
  const showArrivals = () => {
    settle();
    scroller.current?.scrollTo({ top: 0 });
  };

  useCommands({
    "queue.down": () => move(cursor + 1),
    "queue.up": () => move(cursor < 0 ? 0 : cursor - 1),
    "queue.open": cursor >= 0 ? openCursor : undefined,
    "queue.choose": rows.length > 0 ? chooseCursor : undefined,

    "queue.arrivals": arrivals > 0 ? showArrivals : undefined,
  });

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "a" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      choose(
        key,
        rows.map((r) => r.row.id),
      );
    }
    const to = { ArrowDown: cursor + 1, ArrowUp: cursor - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (event.shiftKey) stretch(to);
    move(to);
  };

  if (list.isPending) return <Skeleton rows={12} height={height} />;
  if (list.isError && rows.length === 0) {
    return <ErrorState error={list.error} onRetry={() => void list.refetch()} safe={t("queue.error.safe")} />;
  }

  return (
    <div className={styles.frame}>
      <p className="visually-hidden" aria-live="polite">
        {arrivals > 0 ? t("queue.arrivals", { n: arrivals }) : ""}
      </p>
      {arrivals > 0 && (
        <Button
          className={styles.arrivals}
          icon={<ArrowUp aria-hidden />}
          onClick={showArrivals}
          command="queue.arrivals"
        >
          {t("queue.arrivals", { n: arrivals })}
        </Button>
      )}
      {rows.length === 0 ? (
        <Suspense>
          <EmptyQueue query={query} />
        </Suspense>
      ) : (
        <div
          ref={scroller}
          className={`${styles.scroller} quiet-scroll`}
          onScroll={stillness.onScroll}
          onPointerEnter={stillness.onPointerEnter}
          onPointerLeave={stillness.onPointerLeave}
        >
          <ol
            className={styles.rows}
            style={{ height: virtual.getTotalSize() }}
            aria-label={name}
            onKeyDown={onKeyDown}
          >
            {items.map((item) => {
              const entry = rows[item.index];
              return (
                entry && (
                  <QueueRowItem
                    key={item.key}
                    {...entry}
                    top={item.start}
                    height={height}
                    position={item.index + 1}
                    total={hasNextPage ? -1 : rows.length}
                    chosen={chosen?.has(entry.row.id) ?? false}
                    choosing={choosing}
                    onChoose={(far) => {
                      if (far) reach.current(item.index);
                      else toggle(key, entry.row.id);
                      setCursorId(entry.row.id);
                    }}
                    selected={entry.row.protocol === open}
                    reachable={item.index === reachable}
                    onOpen={() => {
                      setCursorId(entry.row.id);
                      onOpen(entry.row);
                    }}
                    onNear={() => onNear([entry.row])}
                  />
                )
              );
            })}
          </ol>
        </div>
      )}
      <Suspense>{choosing && <BulkBar query={query} />}</Suspense>
    </div>
  );
}
