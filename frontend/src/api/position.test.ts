import { expect, test } from "vitest";
import { comparePositions, covers } from "./position";

test("positions of one history compare by number, not by letters", () => {
  expect(comparePositions("e.9", "e.10")).toBeLessThan(0);
  expect(comparePositions("e.10", "e.10")).toBe(0);
});

test("positions of different histories do not compare", () => {
  expect(comparePositions("e.9", "f.10")).toBeUndefined();
});

test("a snapshot covers what is at or before it, and nothing of another history", () => {
  expect(covers("e.10", "e.10")).toBe(true);
  expect(covers("e.9", "e.10")).toBe(false);
  expect(covers("f.99", "e.10")).toBe(false);
});
