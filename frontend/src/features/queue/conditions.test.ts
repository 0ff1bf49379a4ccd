import { expect, test } from "vitest";
import { asWritten, newCondition, partsOf, withParts } from "./conditions";

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

test("what is written is kept in one line, a tag as tags are", () => {
  expect(asWritten("tag", "  Segunda  Via ")).toBe("segunda-via");
  expect(asWritten("subject", "  2ª  via do BOLETO ")).toBe("2ª via do BOLETO");
  expect(asWritten("subject", "   ")).toBe("");
});
