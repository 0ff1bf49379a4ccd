import { expect, test } from "vitest";
import { clock, inOrder, minutesOf, shiftsOn } from "./shifts";

test("times of the day go to minutes and back", () => {
  expect(minutesOf("08:30")).toBe(510);
  expect(clock(510)).toBe("08:30");
  expect(clock(1800)).toBe("06:00");
  for (const text of ["", "8:30", "24:00", "12:60"]) expect(minutesOf(text)).toBeUndefined();
});

test("a shift that does not end later ends on the next day", () => {
  expect(shiftsOn([5, 6], 1320, 360)).toEqual([
    { weekday: 5, from: 1320, to: 1800 },
    { weekday: 6, from: 1320, to: 1800 },
  ]);
  expect(shiftsOn([1], 480, 480)).toEqual([{ weekday: 1, from: 480, to: 1920 }]);
});

test("the week begins on Monday and ends on Sunday", () => {
  const shifts = [...shiftsOn([0, 1], 780, 1080), ...shiftsOn([1], 480, 720)];
  expect(inOrder(shifts).map((s) => [s.weekday, s.from])).toEqual([
    [1, 480],
    [1, 780],
    [0, 780],
  ]);
});
