import { expect, test } from "vitest";
import { instantIn, localIn } from "./zoned";

test("a time on the wall is an instant of its zone", () => {
  expect(instantIn("America/Sao_Paulo", "2026-11-22T08:00").toISOString()).toBe("2026-11-22T11:00:00.000Z");
  expect(instantIn("America/Rio_Branco", "2026-11-22T23:30").toISOString()).toBe("2026-11-23T04:30:00.000Z");
  for (const zone of ["America/Sao_Paulo", "Europe/Lisbon", "Asia/Kathmandu"]) {
    expect(localIn(zone, instantIn(zone, "2026-03-29T18:05").getTime())).toBe("2026-03-29T18:05");
  }
});
