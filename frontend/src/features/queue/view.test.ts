import { expect, test } from "vitest";
import { at, row } from "../../test/samples";
import { belongs, inOrder, type View, type Viewer } from "./view";

const viewer: Viewer = { id: 7, teams: [1], endOfToday: Date.parse(at(60)) };

test.each<[View, Parameters<typeof row>[0], boolean]>([
  ["mine", { assignee_id: 7 }, true],
  ["mine", { assignee_id: 8 }, false],
  ["mine", { assignee_id: 7, status: "closed" }, false],
  ["unassigned", { assignee_id: null }, true],
  ["team", { team_id: 1 }, true],
  ["team", { team_id: 2 }, false],
  ["team", { team_id: 1, walled: true }, false],
  ["all", { team_id: 2 }, true],
  ["due_today", { next_due: at(60) }, true],
  ["due_today", { next_due: at(61) }, false],
  ["due_today", { next_due: at(-5), breached: true }, false],
  ["due_today", { next_due: null }, false],
  ["breached", { breached: true }, true],
  ["waiting_customer", { status: "waiting_customer" }, true],
  ["resolved", { status: "resolved" }, true],
  ["resolved", { status: "open" }, false],
])("%s with %o: %s", (view, values, expected) => {
  expect(belongs(row(values), { view, sort: "due" }, viewer)).toBe(expected);
});

test("equal deadlines are ordered by ticket, so that no row jumps between two loads", () => {
  const rows = [row({ id: 5 }), row({ id: 3 }), row({ id: 4, next_due: at(1) })];
  expect(rows.sort(inOrder("due")).map((r) => r.id)).toEqual([4, 3, 5]);
  expect(rows.sort(inOrder("newest")).map((r) => r.id)).toEqual([5, 4, 3]);
});
