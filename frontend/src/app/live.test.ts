import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { TicketFrame } from "../api/frames";
import { keys } from "../api/keys";
import { useLiveRows } from "../api/rows";
import { row } from "../test/samples";
import { Live } from "./live";

let cache: QueryClient;
let live: Live;

beforeEach(() => {
  vi.useFakeTimers();
  cache = new QueryClient();
  live = new Live(cache, undefined, () => 0.5);
});

afterEach(() => {
  live.stop();
  vi.useRealTimers();
});

const frame = (id: number, version: number, values: Partial<TicketFrame> = {}): TicketFrame => ({
  id: `e.${version}`,
  kind: "ticket.changed",
  ticket_id: id,
  version,
  row: row({ id, version }),
  ...values,
});

const isOld = (key: readonly unknown[]) => cache.getQueryState(key)?.isInvalidated;

test("rows are merged by version, also within one frame", () => {
  live.tell([frame(1, 3), frame(1, 2)]);
  expect(useLiveRows.getState().rows.get(1)?.version).toBe(3);
});

test("an event of a kind this build does not know still brings its row", () => {
  live.tell([frame(1, 2, { kind: "ticket.merged" as TicketFrame["kind"] })]);
  expect(useLiveRows.getState().rows.get(1)?.version).toBe(2);
});

test("gone removes", () => {
  live.tell([frame(1, 2), { kind: "gone", ticket_id: 1, id: "e.3" }]);
  expect(useLiveRows.getState().rows.has(1)).toBe(false);
  expect(useLiveRows.getState().gone.has(1)).toBe(true);
});

test("counters take the newest of one history and any of another", () => {
  cache.setQueryData(keys.counts, { counts: { mine: 1 }, version: "e.10" });
  live.tell([{ kind: "counts", counts: { mine: 9 }, id: "e.9" }]);
  expect(cache.getQueryData(keys.counts)).toMatchObject({ counts: { mine: 1 } });
  live.tell([{ kind: "counts", counts: { mine: 2 }, id: "e.11" }]);
  expect(cache.getQueryData(keys.counts)).toMatchObject({ counts: { mine: 2 } });
  live.tell([{ kind: "counts", counts: { mine: 3 }, id: "f.1" }]);
  expect(cache.getQueryData(keys.counts)).toMatchObject({ counts: { mine: 3 } });
});

test("a timeline is marked old when something happens to its ticket, others are not", () => {
  cache.setQueryData(keys.timeline(1), { items: [] });
  cache.setQueryData(keys.timeline(2), { items: [] });
  live.tell([frame(1, 2, { kind: "ticket.message_in" })]);
  expect(isOld(keys.timeline(1))).toBe(true);
  expect(isOld(keys.timeline(2))).toBe(false);
});

test("resync forgets what was told and fetches everything", () => {
  cache.setQueryData(keys.list({ view: "all" }), { pages: [] });
  live.tell([frame(1, 2), { kind: "resync", id: "f.1" }]);
  expect(useLiveRows.getState().rows.size).toBe(0);
  expect(isOld(keys.list({ view: "all" }))).toBe(true);
});

test("a storm of many is one refetch a second at most, each desk at its own moment", () => {
  const spy = vi.spyOn(cache, "invalidateQueries");
  const refetches = () => spy.mock.calls.filter(([f]) => f?.queryKey === keys.lists).length;
  for (let second = 0; second < 10; second++) {
    for (let i = 0; i < 20; i++) live.tell([{ kind: "many", count: 500, id: "e.9" }]);
    vi.advanceTimersByTime(1000);
  }
  expect(refetches()).toBeGreaterThan(4);
  expect(refetches()).toBeLessThanOrEqual(10);
});

test("a list read before the stream began is fetched again, one that covers its start is not", () => {
  cache.setQueryData(keys.list({ view: "mine" }), { pages: [{ version: "e.5" }], pageParams: [] });
  cache.setQueryData(keys.list({ view: "all" }), { pages: [{ version: "e.7" }], pageParams: [] });
  live.tell([{ kind: "hello", id: "e.6" }]);
  expect(isOld(keys.list({ view: "mine" }))).toBe(true);
  expect(isOld(keys.list({ view: "all" }))).toBe(false);
});
