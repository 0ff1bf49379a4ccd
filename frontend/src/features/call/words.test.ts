import { expect, test } from "vitest";
import { text } from "../../lib/i18n";
import { setTimeZone } from "../../lib/time";
import { callTime, fromTheWall, groups, onTheWall, spelled } from "./words";

test("a protocol is read aloud in groups, and a six is said so that nobody hears a three", () => {
  expect(groups("20261122000000139")).toEqual(["2026", "1122", "000", "0001", "39"]);
  expect(spelled(text, "20261122000000139")).toBe(
    "dois zero dois meia, um um dois dois, zero zero zero, zero zero zero um, três nove",
  );
});

test.each([
  [0, "0:00"],
  [41_900, "0:41"],
  [725_000, "12:05"],
  [3_729_000, "1:02:09"],
  [-5, "0:00"],
])("%i ms of a call are %s", (ms, shown) => expect(callTime(ms)).toBe(shown));

test("a time typed here is the desk's, wherever the browser is", () => {
  setTimeZone("America/Sao_Paulo");
  expect(new Date(fromTheWall("2026-11-22", "14:30")).toISOString()).toBe("2026-11-22T17:30:00.000Z");
  expect(onTheWall(Date.parse("2026-11-23T01:05:00Z"))).toEqual({ day: "2026-11-22", time: "22:05" });
  setTimeZone("Europe/Lisbon"); // an hour forward at 1 in the night
  expect(new Date(fromTheWall("2026-03-29", "03:00")).toISOString()).toBe("2026-03-29T02:00:00.000Z");
  setTimeZone("America/Sao_Paulo");
});
