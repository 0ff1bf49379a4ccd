import { expect, test } from "vitest";
import { newCondition, partsOf, withParts } from "./conditions";

test("a group reads back as it was written", () => {
  const parts = [newCondition("status"), { any: [newCondition("due")] }];
  for (const match of ["all", "any", "none"] as const) {
    expect(partsOf(withParts(match, parts))).toEqual({ match, parts });
  }
});

test("what other programs write is a group, too", () => {
  const lone = newCondition("assignee");
  expect(partsOf(lone)).toEqual({ match: "all", parts: [lone] });
  expect(partsOf({ not: lone })).toEqual({ match: "none", parts: [lone] });
});
