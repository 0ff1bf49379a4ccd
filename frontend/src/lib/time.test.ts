import { expect, test } from "vitest";
import { noon } from "../test/samples";
import { clockTime, endOfToday, roughSpan, sameDay, span } from "./time";

const minute = 60_000;
const hour = 60 * minute;

test.each([
  [3 * 24 * hour, "3 d"],
  [47 * hour, "1 d 23 h"],
  [24 * hour - 1, "23 h 59"],
  [5 * hour + 7 * minute, "5 h 07"],
  [42 * minute, "42 min"],
  [9 * minute + 41_000, "9:41"],
  [-(90 * minute), "1 h 30"],
])("a span of %i ms reads %s", (ms, text) => {
  expect(span(ms)).toBe(text);
});

test("waiting time is coarse and never negative", () => {
  expect(roughSpan(-5000)).toBe("0 min");
  expect(roughSpan(26 * hour)).toBe("1 d");
});

test("times are those of the desk's zone, not of the browser", () => {
  expect(clockTime(noon)).toBe("14:30");
  // 23:30 and 00:30 of São Paulo are one UTC day and two local ones.
  expect(sameDay("2026-11-23T02:30:00Z", "2026-11-23T03:30:00Z")).toBe(false);
});

test("today ends at the desk's midnight", () => {
  expect(new Date(endOfToday(noon) + 1).toISOString()).toBe("2026-11-23T03:00:00.000Z");
});
