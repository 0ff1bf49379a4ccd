import { create } from "zustand";
import type { BreakReason } from "./types";

export type Doing = "typing" | "viewing" | "idle";

/** A colleague on the ticket that is open before us. */
export interface Other {
  account_id: number;
  name: string;
  doing: Doing;
}

export type State = "offline" | "online" | "away" | "call" | "after_call" | "break";

/** A colleague of one of our teams who is here. */
export interface Colleague {
  account_id: number;
  name: string;
  state: State;
  until?: string | null;
}

/** How we are here ourselves; reason and until are of a break. */
export interface Mine {
  state: State | "";
  reason: BreakReason | "";
  until: string | null;
}

interface Company {
  /** Who else is on a ticket that stands before us, open or as a row. */
  of: Record<number, Other[]>;
  people: Colleague[];
  more: number;
  mine?: Mine;
}

/** Who else is here and where, as the live stream said last. */
export const useCompany = create<Company>()(() => ({ of: {}, people: [], more: 0 }));

export const tellCompany = (ticket: number, people: Other[]) =>
  useCompany.setState(({ of }) => ({ of: { ...of, [ticket]: people } }));

export const tellMine = (mine: Mine) => useCompany.setState({ mine });

/** How long after the last key somebody still counts as writing, and how long without any touch as idle and as away. */
const writingFor = 4000;
const idleAfter = 60_000;
const awayAfter = 5 * 60_000;

let send: ((message: object) => void) | undefined;
let ticket = 0;
let rows: number[] = [];
let watchTimer: ReturnType<typeof setTimeout> | undefined;
let typedAt = 0;
let touchedAt = Date.now();
let said = "";
let timer: ReturnType<typeof setTimeout> | undefined;

/** Says where we are, when that has changed, and looks again when it will by itself. */
function say(): void {
  clearTimeout(timer);
  const now = Date.now();
  const still = now - touchedAt;
  const doing: Doing = now - typedAt < writingFor ? "typing" : still < idleAfter ? "viewing" : "idle";
  const here = { type: "here", state: still < awayAfter ? "online" : "away", ticket, doing };
  const text = JSON.stringify(here);
  if (send && text !== said) {
    said = text;
    send(here);
  }
  const ends = [typedAt + writingFor, touchedAt + idleAfter, touchedAt + awayAfter].filter((at) => at > now);
  if (send && ends.length > 0) timer = setTimeout(say, Math.min(...ends) - now + 1);
}

/** The stream is open anew and knows nothing of us; undefined when it is closed for good. */
export function carry(by: ((message: object) => void) | undefined): void {
  send = by;
  said = "";
  if (!by) useCompany.setState({ of: {}, people: [], more: 0, mine: undefined });
  say();
  watch();
}

/** The server is told once for all the rows that scrolling has brought. */
const watchPause = 250;

function watch(): void {
  clearTimeout(watchTimer);
  watchTimer = send && setTimeout(() => send?.({ type: "watch", people: true, tickets: rows }), watchPause);
}

/** These rows stand on the screen: we want to know who is on them. */
export function watchRows(ids: number[]): void {
  if (ids.join() === rows.join()) return;
  rows = ids;
  forgetOthers();
  watch();
}

/** What does not stand before us any more is not told any more, and would grow old. */
const forgetOthers = () =>
  useCompany.setState(({ of }) => ({
    of: Object.fromEntries(Object.entries(of).filter(([id]) => +id === ticket || rows.includes(+id))),
  }));

/** A ticket is open before us; 0 is none. */
export function openAt(id: number): void {
  if (ticket === id) return;
  ticket = id;
  typedAt = 0;
  forgetOthers();
  say();
}

/** A key was pressed that writes to the open ticket. */
export function typing(): void {
  const now = Date.now();
  const anew = now - typedAt >= writingFor;
  typedAt = touchedAt = now;
  if (anew) say();
}

/** Somebody is at the machine. */
export function touch(): void {
  const still = Date.now() - touchedAt;
  touchedAt = Date.now();
  if (still >= idleAfter) say();
}
