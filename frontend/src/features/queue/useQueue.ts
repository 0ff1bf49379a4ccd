import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { useLiveRows } from "../../api/rows";
import { useMe } from "../../api/session";
import type { TicketRow } from "../../api/types";
import { useNow } from "../../lib/clock";
import { endOfToday } from "../../lib/time";
import { listQuery } from "./api";
import { hold, overlay } from "./arrange";
import { isStock, type ListQuery } from "./view";

export interface QueueRow {
  row: TicketRow;
  /** It left this list; it is drawn faintly until the list may move. */
  left: boolean;
}

const never: readonly TicketRow[] = [];

/**
 * The list of a view: pages from the server under what the stream has told.
 * While `still`, nothing on screen moves and arrivals are counted instead.
 */
export function useQueue(query: ListQuery, still: boolean) {
  const me = useMe();
  const list = useInfiniteQuery(listQuery(query));
  const told = useLiveRows();
  useAskAgain(list.refetch, told, !isStock(query.view));
  const today = endOfToday(useNow(60_000));

  const pages = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? never, [list.data]);
  const placed = useMemo(() => {
    const viewer = { id: me.id, teams: me.teams.map((team) => team.id), endOfToday: today };
    return overlay(pages, !list.hasNextPage, told, query, viewer);
  }, [pages, list.hasNextPage, told, query, me, today]);

  // What stood on screen when the list was asked to hold still; undefined while it flows.
  const [shown, setShown] = useState<{ of: ListQuery; ids: number[] }>();
  const held = useMemo(
    () => (shown && shown.of === query && shown.ids.length > 0 ? hold(shown.ids, placed) : undefined),
    [shown, placed, query],
  );
  useEffect(() => {
    if (!still) setShown(undefined);
    else if (!held) setShown({ of: query, ids: placed.map((p) => p.row.id) });
    else if (shown && held.ids.length > shown.ids.length) setShown({ of: query, ids: held.ids });
  }, [still, held, shown, placed, query]);

  const rows = useMemo<QueueRow[]>(() => {
    if (!held) return placed.map(({ row }) => ({ row, left: false }));
    const now = new Map(placed.map((p) => [p.row.id, p.row]));
    const loaded = new Map(pages.map((row) => [row.id, row]));
    return held.ids.flatMap((id) => {
      const row = now.get(id) ?? told.rows.get(id) ?? loaded.get(id);
      return row ? [{ row, left: !now.has(id) }] : [];
    });
  }, [held, placed, pages, told]);

  return {
    list,
    rows,
    arrivals: held?.arrivals ?? 0,
    /** Lets the list take its true order now. */
    settle: () => setShown(undefined),
  };
}

const askPause = 1500;

/** Asks the server again for a saved view when tickets have changed, at most every second and a half. */
function useAskAgain(refetch: () => unknown, told: unknown, wanted: boolean) {
  const waiting = useRef<ReturnType<typeof setTimeout>>(undefined);
  const first = useRef(told);
  useEffect(() => {
    if (!wanted || waiting.current || told === first.current) return;
    waiting.current = setTimeout(() => {
      waiting.current = undefined;
      void refetch();
    }, askPause);
  }, [told, wanted, refetch]);
  useEffect(() => () => clearTimeout(waiting.current), []);
}
