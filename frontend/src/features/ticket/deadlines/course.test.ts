import { expect, test } from "vitest";
import type { Clock, Interval } from "../../../api/types";
import { courseOf, leftOf, linesOf, otherEnd } from "./course";

const at = (text: string) => Date.parse(`${text}-03:00`);
const wire = (text: string) => new Date(at(text)).toISOString();

const step = (from: string, to: string | null, amount: number, reason = "", name = ""): Interval => ({
  from: wire(from),
  to: to && wire(to),
  counted: reason === "",
  reason,
  name,
  amount,
});

const base: Clock = {
  id: 1,
  kind: "legal",
  policy: "SAC: resposta",
  calendar: "br",
  state: "running",
  stage: 0,
  started_at: wire("2026-11-19T15:00:00"),
  due: wire("2026-11-24T23:59:59.999"),
  target: wire("2026-11-24T23:59:59.999"),
  legal_limit: wire("2026-11-24T23:59:59.999"),
  warn_at: wire("2026-11-23T23:59:59"),
  stopped_at: null,
  breached_at: null,
  legal_ref: "",
  pauses: [],
  explanation: [
    step("2026-11-19T15:00:00", "2026-11-20T00:00:00", 0, "start_day"),
    step("2026-11-20T00:00:00", "2026-11-21T00:00:00", 0, "holiday", "Consciência Negra"),
    step("2026-11-21T00:00:00", "2026-11-22T00:00:00", 0, "weekend"),
    step("2026-11-22T00:00:00", "2026-11-23T00:00:00", 0, "weekend"),
    step("2026-11-23T00:00:00", "2026-11-24T00:00:00", 1),
    step("2026-11-24T00:00:00", "2026-11-25T00:00:00", 1),
  ],
  may_pause: true,
  may_extend: false,
  amount: 2,
  unit: "business_days",
  regime: "SAC",
  norm: "",
  evidence: "read",
  checked_by: "",
  checked_on: "",
};

const hours: Clock = {
  ...base,
  unit: "business_hours",
  amount: 4,
  started_at: wire("2026-11-23T16:00:00"),
  due: wire("2026-11-24T10:00:00"),
  explanation: [
    step("2026-11-23T16:00:00", "2026-11-23T18:00:00", 7200),
    step("2026-11-23T18:00:00", "2026-11-24T08:00:00", 0, "closed"),
    step("2026-11-24T08:00:00", "2026-11-24T10:00:00", 7200),
  ],
};

test("what is left of a term in days are the days that have not begun", () => {
  expect(leftOf(base, at("2026-11-19T16:00:00"))).toBe(2);
  expect(leftOf(base, at("2026-11-23T09:00:00"))).toBe(1);
  expect(leftOf(base, at("2026-11-24T09:00:00"))).toBe(0);
  expect(leftOf(base, at("2026-11-26T09:00:00"))).toBe(0);
});

test("what is left of a term in hours does not fall while the desk is closed", () => {
  expect(leftOf(hours, at("2026-11-23T16:30:00"))).toBe(3.5 * 3600);
  expect(leftOf(hours, at("2026-11-23T20:00:00"))).toBe(2 * 3600);
  expect(leftOf(hours, at("2026-11-24T07:00:00"))).toBe(2 * 3600);
  expect(leftOf(hours, at("2026-11-24T11:00:00"))).toBe(0);
});

test("a clock that stands still keeps what it had, whatever the hour", () => {
  const standing: Clock = {
    ...hours,
    state: "paused",
    pauses: [{ id: 1, from: wire("2026-11-23T17:00:00"), to: null, reason: "perícia", account_id: 2 }],
    explanation: [
      step("2026-11-23T16:00:00", "2026-11-23T17:00:00", 3600),
      step("2026-11-23T17:00:00", null, 0, "paused", "perícia"),
    ],
  };
  for (const now of ["2026-11-23T17:01:00", "2026-12-20T03:00:00"])
    expect(leftOf(standing, at(now))).toBe(3 * 3600);
  const course = courseOf(standing, at("2026-11-23T19:00:00"));
  expect(course.stretches.map((s) => s.part)).toEqual(["counted", "paused", "open"]);
  expect(course.to).toBe(at("2026-11-24T12:00:00"));
});

test("a course has no gap and no overlap, and is cut where we are", () => {
  for (const now of ["2026-11-19T15:00:00", "2026-11-22T12:00:00", "2026-11-24T12:00:00"]) {
    const course = courseOf(base, at(now));
    expect(course.stretches[0]?.from).toBe(course.from);
    for (const [n, s] of course.stretches.entries()) {
      expect(s.past).toBe(s.to <= at(now));
      if (n > 0) expect(s.from).toBe(course.stretches[n - 1]?.to);
    }
    expect(course.now).toBe(at(now));
  }
});

test("a deadline that has run out goes on as late time until it is answered", () => {
  const late = courseOf(hours, at("2026-11-24T12:00:00"));
  expect(late.stretches.at(-1)).toMatchObject({ part: "late", to: at("2026-11-24T12:00:00"), past: true });
  const missed = courseOf(
    { ...hours, state: "missed", stopped_at: wire("2026-11-24T11:00:00") },
    at("2026-12-01T00:00:00"),
  );
  expect(missed.to).toBe(at("2026-11-24T11:00:00"));
  expect(missed.now).toBeUndefined();
});

test("what was met in time leaves the rest free", () => {
  const met = courseOf(
    { ...hours, state: "met", stopped_at: wire("2026-11-23T17:00:00") },
    at("2026-12-01T00:00:00"),
  );
  expect(met.stretches.map((s) => s.part)).toEqual(["counted", "free"]);
  expect(met.to).toBe(at("2026-11-24T10:00:00"));
});

test("neighbours that are alike are one line, with the sum of what counted so far", () => {
  const lines = linesOf(base);
  expect(lines.map((l) => [l.reason, l.amount, l.sum])).toEqual([
    ["start_day", 0, 0],
    ["holiday", 0, 0],
    ["weekend", 0, 0],
    ["", 2, 2],
  ]);
  expect(linesOf(hours).map((l) => l.sum)).toEqual([7200, 7200, 14400]);
});

test("target and limit are told apart only where they differ", () => {
  expect(otherEnd(base)).toBeUndefined();
  expect(otherEnd({ ...base, legal_limit: null })).toBeUndefined();
  expect(otherEnd({ ...base, legal_limit: wire("2026-11-25T23:59:59") })).toBe(at("2026-11-25T23:59:59"));
  expect(otherEnd({ ...base, target: wire("2026-11-22T23:59:59") })).toBe(at("2026-11-22T23:59:59"));
});
