import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { carry, openAt, tellCompany, touch, typing, useCompany } from "./here";

let said: unknown[];

beforeEach(() => {
  vi.useFakeTimers();
  openAt(0);
  touch();
  said = [];
});
afterEach(() => {
  carry(undefined);
  vi.useRealTimers();
});

const last = () => said.at(-1);
const here = (ticket: number, doing: string, state = "online") => ({ type: "here", state, ticket, doing });
const listen = () => carry((message) => said.push(message));

test("says which ticket is open, and that we write, until we pause", () => {
  listen();
  openAt(3);
  expect(last()).toEqual(here(3, "viewing"));
  for (let n = 0; n < 5; n++) {
    typing();
    vi.advanceTimersByTime(2000);
  }
  expect(said.filter((m) => (m as { doing: string }).doing === "typing")).toHaveLength(1);
  vi.advanceTimersByTime(4000);
  expect(last()).toEqual(here(3, "viewing"));
});

test("whoever does not touch anything is idle, then away, and back at a touch", () => {
  listen();
  openAt(3);
  vi.advanceTimersByTime(60_001);
  expect(last()).toEqual(here(3, "idle"));
  vi.advanceTimersByTime(240_000);
  expect(last()).toEqual(here(3, "idle", "away"));
  touch();
  expect(last()).toEqual(here(3, "viewing"));
});

test("a new connection is told again, a closed one nothing", () => {
  listen();
  openAt(3);
  carry(undefined);
  typing();
  const before = said.length;
  listen();
  expect(said.slice(before)).toEqual([here(3, "typing")]);
});

test("who else is there belongs to one ticket and one connection", () => {
  listen();
  openAt(3);
  tellCompany(3, [{ account_id: 8, name: "Bia", doing: "typing" }]);
  expect(useCompany.getState().of[3]).toHaveLength(1);
  openAt(4);
  expect(useCompany.getState().of[3]).toBeUndefined();
});
