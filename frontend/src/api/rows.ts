import { create } from "zustand";
import type { TicketRow } from "./types";

/**
 * What the live stream has told since the lists were loaded: the newest row of
 * each ticket it spoke of, and the tickets that left our sight. Lists, header
 * and counters read a ticket through `newest`, so there is one place where an
 * older version could overwrite a newer one, and it does not.
 */
interface LiveRows {
  rows: ReadonlyMap<number, TicketRow>;
  gone: ReadonlySet<number>;
}

export const liveRowsLimit = 4000;

export const useLiveRows = create<LiveRows>()(() => ({ rows: new Map(), gone: new Set() }));

/** The one with the higher version; the first of two equals. */
export const newest = (a: TicketRow, b: TicketRow | undefined): TicketRow =>
  b && b.version > a.version ? b : a;

/** Takes a batch of rows and losses in the order they were told. False when it had to forget and lists must be loaded again. */
export function tellRows(batch: ({ row: TicketRow } | { gone: number })[]): boolean {
  if (batch.length === 0) return true;
  const state = useLiveRows.getState();
  const rows = new Map(state.rows);
  const gone = new Set(state.gone);
  for (const told of batch) {
    if ("gone" in told) {
      rows.delete(told.gone);
      gone.add(told.gone);
    } else {
      const known = rows.get(told.row.id);
      rows.set(told.row.id, known ? newest(known, told.row) : told.row);
      gone.delete(told.row.id);
    }
  }
  if (rows.size > liveRowsLimit) {
    forgetRows();
    return false;
  }
  useLiveRows.setState({ rows, gone });
  return true;
}

/** One row, from the answer to something we did ourselves. */
export const tellRow = (row: TicketRow) => tellRows([{ row }]);

export const forgetRows = () => useLiveRows.setState({ rows: new Map(), gone: new Set() });

/** The freshest row of a ticket, whoever told it: the answer of a query or the stream. */
export function useFreshRow(row: TicketRow | undefined): TicketRow | undefined {
  const live = useLiveRows((s) => (row ? s.rows.get(row.id) : undefined));
  return row && newest(row, live);
}
