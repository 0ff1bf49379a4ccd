import { expect, test } from "vitest";
import { clock, dateOf, givenOf, hoursOf, hoursText, monthGrid } from "./model";

test("hours that do not end later end on the next day", () => {
  expect(hoursOf("08:00", "12:30")).toEqual({ from: 480, to: 750 });
  expect(hoursOf("22:00", "06:00")).toEqual({ from: 1320, to: 1800 });
  expect(hoursOf("00:00", "00:00")).toEqual({ from: 0, to: 1440 });
  expect(hoursOf("25:00", "06:00")).toBeUndefined();
  expect(clock(1800)).toBe("06:00");
  expect(
    hoursText([
      { from: 480, to: 720 },
      { from: 780, to: 1080 },
    ]),
  ).toBe("08:00–12:00, 13:00–18:00");
});

test("a month begins under its weekday and has all its days", () => {
  const february = monthGrid(2028, 1); // of a leap year, on a Tuesday
  expect(february.slice(0, 3)).toEqual([0, 1, 2]);
  expect(february.at(-1)).toBe(29);
  expect(dateOf(2028, 1, 9)).toBe("2028-02-09");
});

test("a new calendar keeps office hours in the desk's zone", () => {
  const given = givenOf(undefined, "America/Manaus");
  expect(given.zone).toBe("America/Manaus");
  expect(given.week.map((d) => d.length)).toEqual([0, 1, 1, 1, 1, 1, 0]);
});
