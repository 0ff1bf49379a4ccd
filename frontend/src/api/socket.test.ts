import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Frame } from "./frames";
import { type LinkState, LiveSocket } from "./socket";

class FakeSocket {
  static open = 1;
  static all: FakeSocket[] = [];
  static readonly OPEN = 1;
  readyState = 1;
  sent: string[] = [];
  closed = false;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }
  send(data: string) {
    this.sent.push(data);
  }
  close() {
    this.closed = true;
  }
  say(...frames: Frame[]) {
    this.onmessage?.({ data: JSON.stringify(frames) });
  }
  end(code: number) {
    this.onclose?.({ code });
  }
}

let states: LinkState[];
let refused: number;
let socket: LiveSocket;
const last = () => FakeSocket.all.at(-1)!;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeSocket);
  FakeSocket.all = [];
  states = [];
  refused = 0;
  socket = new LiveSocket(
    "ws://desk/api/live",
    { onFrames: () => {}, onState: (s) => states.push(s), onRefused: () => refused++ },
    () => 0.5,
  );
  socket.start();
});

afterEach(() => {
  socket.stop();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("resumes at the last position it heard", () => {
  expect(last().url).toBe("ws://desk/api/live");
  last().say({ kind: "hello", id: "e.5" });
  last().say({ kind: "gone", ticket_id: 1, id: "e.7" });
  last().end(1012);
  vi.advanceTimersByTime(5000);
  expect(FakeSocket.all).toHaveLength(2);
  expect(last().url).toBe("ws://desk/api/live?since=e.7");
});

test("counters may run ahead of the events and move no place", () => {
  last().say({ kind: "hello", id: "e.5" }, { kind: "counts", counts: {}, id: "e.90" });
  expect(socket.position).toBe("e.5");
});

test("after a resync it goes on from the place the server names", () => {
  last().say({ kind: "hello", id: "e.5" });
  last().say({ kind: "resync", id: "f.1" });
  expect(socket.position).toBe("f.1");
});

test("waits longer after each failure, never beyond the ceiling, and starts anew once it is heard", () => {
  const waits: number[] = [];
  for (let i = 0; i < 9; i++) {
    const before = FakeSocket.all.length;
    last().end(1006);
    let waited = 0;
    while (FakeSocket.all.length === before) {
      vi.advanceTimersByTime(50);
      waited += 50;
    }
    waits.push(waited);
  }
  expect(waits[0]).toBeLessThan(500);
  expect(waits.at(-1)).toBeGreaterThan(waits[0]!);
  expect(Math.max(...waits)).toBeLessThanOrEqual(20_100);
  last().say({ kind: "hello", id: "e.1" });
  const before = FakeSocket.all.length;
  last().end(1006);
  vi.advanceTimersByTime(500);
  expect(FakeSocket.all.length).toBe(before + 1);
});

test("pings into silence, and gives a link up that stays silent", () => {
  last().say({ kind: "hello", id: "e.1" });
  const first = last();
  vi.advanceTimersByTime(26_000);
  expect(first.sent).toContain('{"type":"ping"}');
  vi.advanceTimersByTime(30_000);
  expect(first.closed).toBe(true);
  expect(states).toContain("lost");
});

test("a refused session is told once and tried again slowly", () => {
  last().end(4401);
  expect(refused).toBe(1);
  vi.advanceTimersByTime(60_000);
  expect(FakeSocket.all).toHaveLength(1);
});
