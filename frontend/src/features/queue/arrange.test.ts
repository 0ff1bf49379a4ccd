import { describe, expect, test } from "vitest";
import type { TicketRow } from "../../api/types";
import { at, row } from "../../test/samples";
import { hold, overlay, type Placed } from "./arrange";
import type { ListQuery, Viewer } from "./view";

const query: ListQuery = { view: "all", sort: "due" };
const viewer: Viewer = { id: 7, teams: [1], endOfToday: Date.parse(at(600)) };
const told = (rows: TicketRow[] = [], gone: number[] = []) => ({
  rows: new Map(rows.map((r) => [r.id, r])),
  gone: new Set(gone),
});
const due = (id: number, minutes: number, values: Partial<TicketRow> = {}) =>
  row({ id, next_due: at(minutes), ...values });
const ids = (placed: Placed[]) => placed.map((p) => p.row.id);

describe("the list under what the stream has told", () => {
  const pages = [due(1, 10), due(2, 20), due(3, 30)];

  test("a newer version replaces the loaded row and moves it to its place", () => {
    const placed = overlay(pages, true, told([due(3, 5, { version: 2, subject: "mudou" })]), query, viewer);
    expect(ids(placed)).toEqual([3, 1, 2]);
    expect(placed[0]!.row.subject).toBe("mudou");
  });

  test("an older version changes nothing", () => {
    const loaded = [due(1, 10, { version: 5 })];
    expect(overlay(loaded, true, told([due(1, 99, { version: 4 })]), query, viewer)[0]!.row).toBe(loaded[0]);
  });

  test("a ticket that left the view or our sight leaves the list", () => {
    const placed = overlay(
      pages,
      true,
      told([due(1, 10, { version: 2, status: "resolved" })], [2]),
      query,
      viewer,
    );
    expect(ids(placed)).toEqual([3]);
  });

  test("a new one that belongs joins, one that does not stays out", () => {
    const news = told([due(9, 15, { assignee_id: 8 }), due(8, 16, { assignee_id: 7 })]);
    expect(ids(overlay(pages, true, news, { ...query, view: "mine" }, viewer))).toContain(8);
    expect(ids(overlay(pages, true, news, { ...query, view: "mine" }, viewer))).not.toContain(9);
  });

  test("a live row beyond the last loaded one waits for its page", () => {
    const news = told([due(9, 25), due(8, 99)]);
    expect(ids(overlay(pages, false, news, query, viewer))).toEqual([1, 2, 9, 3]);
    expect(ids(overlay(pages, true, news, query, viewer))).toEqual([1, 2, 9, 3, 8]);
  });

  test("nothing live joins a search, but what it found is kept fresh", () => {
    const news = told([due(9, 1), due(1, 10, { version: 2, subject: "mudou" })]);
    const placed = overlay(pages, true, news, { ...query, q: "entrega" }, viewer);
    expect(ids(placed)).toEqual([1, 2, 3]);
    expect(placed[0]!.row.subject).toBe("mudou");
  });

  test("what has no deadline stands last", () => {
    expect(ids(overlay([row({ id: 1, next_due: null }), due(2, 10)], true, told(), query, viewer))).toEqual([
      2, 1,
    ]);
  });
});

describe("a list that holds still", () => {
  const placed = (...entries: [id: number, live?: boolean][]): Placed[] =>
    entries.map(([id, live = false]) => ({ row: row({ id }), live }));

  test("nobody shown moves, whatever the true order became", () => {
    expect(hold([1, 2, 3], placed([3], [1], [2])).ids).toEqual([1, 2, 3]);
  });

  test("arrivals wait and are counted, wherever they belong", () => {
    expect(hold([1, 2], placed([7, true], [1], [2], [8, true]))).toEqual({ ids: [1, 2], arrivals: 2 });
  });

  test("who left keeps the place until the list may move", () => {
    expect(hold([1, 2, 3], placed([1], [3])).ids).toEqual([1, 2, 3]);
  });

  test("the next page is added at the end, where it moves nobody", () => {
    expect(hold([1, 2], placed([1], [2], [3], [4]))).toEqual({ ids: [1, 2, 3, 4], arrivals: 0 });
  });

  test("a row that a refetch brought in above is an arrival, too", () => {
    expect(hold([1, 2], placed([5], [1], [2]))).toEqual({ ids: [1, 2], arrivals: 1 });
  });
});
