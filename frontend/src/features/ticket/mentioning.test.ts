import { expect, test } from "vitest";
import type { Person } from "../../api/types";
import { colleaguesFor, named, namingAt } from "./mentioning";

test.each([
  ["@", { at: 0, typed: "" }],
  ["veja @an", { at: 5, typed: "an" }],
  ["veja @Ana Li", { at: 5, typed: "Ana Li" }],
  ["(@jo", { at: 1, typed: "jo" }],
  ["ana@exemplo", undefined],
  ["veja @ an", undefined],
  ["@Ana\nveja", undefined],
  ["sem arroba", undefined],
])("before the caret of %j", (text, naming) => {
  expect(namingAt(text, text.length)).toEqual(naming);
});

const person = (id: number, name: string, more: Partial<Person> = {}): Person => ({
  id,
  name,
  active: true,
  role: "agent",
  team_ids: [1],
  ...more,
});
const people = [
  person(1, "Ana Lima"),
  person(2, "Bruno Anaya"),
  person(3, "Ána Souza"),
  person(4, "Ana Longe", { team_ids: [2] }),
  person(5, "Ana Saiu", { active: false }),
  person(6, "Anabel Ouvidora", { role: "ombudsman", team_ids: [] }),
];
const names = (typed: string, walled = false) =>
  colleaguesFor(typed, people, 1, { team_id: 1, walled }).map((p) => p.name);

test("colleagues are those who see the ticket, without accents and by any part of the name", () => {
  expect(names("ana")).toEqual(["Ána Souza", "Anabel Ouvidora", "Bruno Anaya"]);
  expect(names("ana s")).toEqual(["Ána Souza"]);
  expect(names("zé")).toEqual([]);
});

test("behind the wall only the ombudsman's office is offered", () => {
  expect(names("", true)).toEqual(["Anabel Ouvidora"]);
});

test("the whole name takes the place of what was typed of it", () => {
  const text = "peça a @an hoje";
  const naming = namingAt(text, 10)!;
  expect(named(text, 10, naming, "Ana Lima")).toEqual({ text: "peça a @Ana Lima hoje", caret: 17 });
});
