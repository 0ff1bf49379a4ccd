import { newest } from "../../api/rows";
import type { TicketRow } from "../../api/types";
import { belongs, inOrder, isStock, type ListQuery, type Viewer } from "./view";

/** A row as it should stand now, and whether a page brought it or the live stream did. */
export interface Placed {
  row: TicketRow;
  live: boolean;
}

interface Told {
  rows: ReadonlyMap<number, TicketRow>;
  gone: ReadonlySet<number>;
}

/**
 * Lays what the stream has told over the loaded pages and gives the list as it
 * is at this moment, in order. A live row beyond the last loaded one waits for
 * its page: shown now it would stand under a gap. A search and a saved view
 * can't be decided here, so live rows never join one, and the server's order stays.
 */
export function overlay(
  pages: readonly TicketRow[],
  complete: boolean,
  told: Told,
  query: ListQuery,
  viewer: Viewer,
): Placed[] {
  const order = inOrder(query.sort);
  const placed = new Map<number, Placed>();
  for (const loaded of pages) {
    const row = newest(loaded, told.rows.get(loaded.id));
    const left = row !== loaded && !belongs(row, query, viewer);
    if (!left && !told.gone.has(row.id)) placed.set(row.id, { row, live: false });
  }
  const frontier = complete ? undefined : pages.at(-1);
  const served = query.q || !isStock(query.view);
  if (!served) {
    for (const row of told.rows.values()) {
      if (placed.has(row.id) || !belongs(row, query, viewer)) continue;
      if (frontier && order(row, frontier) > 0) continue;
      placed.set(row.id, { row, live: true });
    }
  }
  const list = [...placed.values()];
  return served ? list : list.sort((a, b) => order(a.row, b.row));
}

export interface Held {
  /** What stands on screen: nobody of the shown has moved, those who left are still there. */
  ids: number[];
  /** Those who wait behind the pill. */
  arrivals: number;
}

/**
 * Keeps a list still under a pointer or a reading eye. Whoever is shown keeps
 * the place, also after leaving the list (drawn as gone); pages loaded further
 * down are added at the end, where they move nobody; all else waits.
 */
export function hold(shown: readonly number[], now: readonly Placed[]): Held {
  const known = new Set(shown);
  const last = now.findLastIndex((p) => known.has(p.row.id));
  const ids = [...shown];
  let arrivals = 0;
  now.forEach((placed, at) => {
    if (known.has(placed.row.id)) return;
    if (!placed.live && at > last) ids.push(placed.row.id);
    else arrivals++;
  });
  return { ids, arrivals };
}
