import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type CommandId, offer } from "./commands";
import { listenForCommands } from "./keyboard";

let letters = true;
let done: CommandId[];
let cleanUp: (() => void)[];

beforeEach(() => {
  letters = true;
  done = [];
  const ids: CommandId[] = [
    "queue.next",
    "queue.down",
    "ticket.claim",
    "ticket.priority.1",
    "queue.search",
    "ticket.attach",
    "app.palette",
    "app.help",
    "queue.open",
  ];
  cleanUp = [listenForCommands(() => letters), ...ids.map((id) => offer(id, () => done.push(id)))];
  document.body.innerHTML =
    "<input type=text><textarea></textarea><input type=checkbox><button></button><div role=menu><i></i></div>";
});

afterEach(() => {
  for (const end of cleanUp) end();
  vi.useRealTimers();
});

function press(
  key: string,
  init: KeyboardEventInit & { altGraph?: boolean } = {},
  target: Element = document.body,
) {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...init });
  if (init.altGraph)
    Object.defineProperty(event, "getModifierState", { value: (m: string) => m === "AltGraph" });
  target.dispatchEvent(event);
  return event;
}

test("a letter does its command, and a sequence its own", () => {
  press("j");
  press("g");
  press("p");
  expect(done).toEqual(["queue.down", "queue.next"]);
});

test("a broken sequence lets the last letter speak for itself", () => {
  press("g");
  press("a");
  expect(done).toEqual(["ticket.claim"]);
});

test("a sequence is forgotten after a pause", () => {
  vi.useFakeTimers();
  press("g");
  vi.advanceTimersByTime(1500);
  press("p");
  expect(done).toEqual([]);
});

test.each(["input[type=text]", "textarea", "[role=menu] i"])(
  "letters typed into %s are left alone",
  (selector) => {
    press("a", {}, document.querySelector(selector)!);
    expect(done).toEqual([]);
  },
);

test("a checkbox is no place to write", () => {
  press("a", {}, document.querySelector("input[type=checkbox]")!);
  expect(done).toEqual(["ticket.claim"]);
});

test("Enter on a button presses the button", () => {
  press("Enter", {}, document.querySelector("button")!);
  press("Enter");
  expect(done).toEqual(["queue.open"]);
});

test("what is being composed, and dead keys, are left alone", () => {
  press("a", { isComposing: true });
  press("Dead");
  expect(done).toEqual([]);
});

test("a sign written with AltGr counts, a letter with it does not (ABNT2)", () => {
  press("/", { altGraph: true, ctrlKey: true, altKey: true });
  press("?", { altGraph: true });
  press("a", { altGraph: true });
  expect(done).toEqual(["queue.search", "app.help"]);
});

test("the browser keeps its own combinations", () => {
  expect(press("a", { ctrlKey: true }).defaultPrevented).toBe(false);
  press("1", { altKey: true });
  expect(done).toEqual([]);
});

test("Ctrl K works while writing and with single letters switched off", () => {
  letters = false;
  press("j");
  press("k", { ctrlKey: true }, document.querySelector("textarea")!);
  expect(done).toEqual(["app.palette"]);
});

test("Shift makes another combination of it", () => {
  const area = document.querySelector("textarea")!;
  press("A", { ctrlKey: true, shiftKey: true }, area);
  press("K", { ctrlKey: true, shiftKey: true }, area);
  expect(done).toEqual(["ticket.attach"]);
});

test("the newest handler on screen answers, and the older one after it has gone", () => {
  const withdraw = offer("ticket.claim", () => done.push("queue.open"));
  press("a");
  withdraw();
  press("a");
  expect(done).toEqual(["queue.open", "ticket.claim"]);
});
