import { create } from "zustand";

export type Doing = "typing" | "viewing" | "idle";

/** A colleague on the ticket that is open before us. */
export interface Other {
  account_id: number;
  name: string;
  doing: Doing;
}

/** Who else is on a ticket, as the live stream said last. */
export const useCompany = create<{ of: Record<number, Other[]> }>()(() => ({ of: {} }));

export const tellCompany = (ticket: number, people: Other[]) =>
  useCompany.setState({ of: { [ticket]: people } });

/** How long after the last key somebody still counts as writing, and how long without any touch as idle and as away. */
const writingFor = 4000;
const idleAfter = 60_000;
const awayAfter = 5 * 60_000;

let send: ((message: object) => void) | undefined;
let ticket = 0;
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
  if (!by) useCompany.setState({ of: {} });
  say();
}

/** A ticket is open before us; 0 is none. */
export function openAt(id: number): void {
  if (ticket === id) return;
  ticket = id;
  typedAt = 0;
  useCompany.setState({ of: {} });
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
