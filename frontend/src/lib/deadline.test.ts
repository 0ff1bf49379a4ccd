import { describe, expect, test } from "vitest";
import { at, noon } from "../test/samples";
import { type Deadline, readDeadline } from "./deadline";

const deadline = (values: Partial<Deadline> = {}): Deadline => ({
  due: at(60),
  from: at(-180),
  warn: at(0),
  paused: "",
  breached: false,
  ...values,
});

describe("the stage of a deadline", () => {
  test.each([
    { name: "calm until the warning", values: { warn: at(1) }, stage: "calm" },
    { name: "due soon from the very instant of the warning", values: { warn: at(0) }, stage: "due" },
    { name: "breached at the very instant it is due", values: { due: at(0) }, stage: "breached" },
    {
      name: "breached by the clock before the server has recorded it",
      values: { due: at(-1), breached: false },
      stage: "breached",
    },
    {
      name: "paused, whatever the date says",
      values: { due: at(-5), paused: "waiting_customer" },
      stage: "paused",
    },
    { name: "none without a date", values: { due: null }, stage: "none" },
  ])("$name", ({ values, stage }) => {
    expect(readDeadline(deadline(values), noon).stage).toBe(stage);
  });

  test("the bar empties from full to nothing", () => {
    expect(readDeadline(deadline(), noon).share).toBeCloseTo(0.25);
    expect(readDeadline(deadline({ from: at(0) }), noon).share).toBe(1);
    expect(readDeadline(deadline({ due: at(-1) }), noon).share).toBe(0);
  });

  test("a clock that starts tomorrow shows a full bar, not more", () => {
    expect(readDeadline(deadline({ from: at(30) }), noon).share).toBe(1);
  });
});
