import { expect, test } from "vitest";
import { draftOf, givenOf } from "./draft";

test("an area goes through the form unchanged", () => {
  const area = {
    id: 7,
    name: "Cobrança",
    emails: ["um@aroeira.example", "dois@aroeira.example"],
    team_id: 3,
    calendar: "br-bank",
    amount: 4,
    unit: "business_hours",
    remind_at: 90,
    chase_every: 2,
    chase_most: 0,
    hides: true,
    active: false,
  } as const;
  const { id: _, ...given } = area;
  expect(givenOf(draftOf({ ...area, emails: [...area.emails] }))).toEqual(given);
});

test.each([
  ["um@a.example, dois@a.example", ["um@a.example", "dois@a.example"]],
  ["um@a.example;dois@a.example\n", ["um@a.example", "dois@a.example"]],
  [" \n ", []],
])("addresses are parted however they are typed: %j", (emails, want) => {
  expect(givenOf({ ...draftOf(), emails }).emails).toEqual(want);
});
