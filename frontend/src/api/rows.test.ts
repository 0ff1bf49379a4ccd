import { expect, test } from "vitest";
import { row } from "../test/samples";
import { forgetRows, liveRowsLimit, newest, tellRow, tellRows, useLiveRows } from "./rows";

const known = (id: number) => useLiveRows.getState().rows.get(id);

test("an older version never overwrites a newer one, in whatever order they come", () => {
  tellRow(row({ id: 1, version: 5, subject: "novo" }));
  tellRow(row({ id: 1, version: 4, subject: "velho" }));
  expect(known(1)?.subject).toBe("novo");
  expect(newest(row({ id: 1, version: 6 }), known(1)).version).toBe(6);
});

test("a ticket that went out of sight is forgotten, and comes back when it is told again", () => {
  tellRow(row({ id: 1, version: 2 }));
  tellRows([{ gone: 1 }]);
  expect(known(1)).toBeUndefined();
  expect(useLiveRows.getState().gone.has(1)).toBe(true);
  tellRow(row({ id: 1, version: 3 }));
  expect(useLiveRows.getState().gone.has(1)).toBe(false);
  expect(known(1)?.version).toBe(3);
});

test("memory is bounded: past the limit everything is forgotten and lists must be fetched", () => {
  const many = Array.from({ length: liveRowsLimit + 1 }, (_, i) => ({ row: row({ id: i + 1 }) }));
  expect(tellRows(many)).toBe(false);
  expect(useLiveRows.getState().rows.size).toBe(0);
  forgetRows();
});
