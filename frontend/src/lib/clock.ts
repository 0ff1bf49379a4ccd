import { useSyncExternalStore } from "react";

// One clock for the whole desk: every chip and every "há 3 min" listens to this
// one timer, so a list of a hundred deadlines costs one wake-up a second, and
// all of them change at the same instant. It sleeps while nobody looks.
//
// Office PCs are often minutes off. What counts is the server's time, so the
// offset is taken from the Date header of its answers (whole seconds, enough
// for a countdown).

const listeners = new Set<() => void>();
let offset = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
let current = Date.now();

export const now = (): number => Date.now() + offset;

/** Tells the clock what the server's time is. Half a second of doubt is ignored. */
export function syncClock(serverDate: string | null): void {
  const at = serverDate ? Date.parse(serverDate) : Number.NaN;
  if (Number.isNaN(at)) return;
  const measured = at + 500 - Date.now();
  if (Math.abs(measured - offset) > 1500) offset = measured;
}

function tick() {
  current = now();
  for (const listener of listeners) listener();
  schedule();
}

function schedule() {
  clearTimeout(timer);
  if (listeners.size === 0 || document.hidden) return;
  timer = setTimeout(tick, 1000 - (now() % 1000));
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden && listeners.size > 0) tick();
});

function subscribe(listener: () => void) {
  listeners.add(listener);
  if (listeners.size === 1) tick();
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) clearTimeout(timer);
  };
}

/** The time in milliseconds, renewed every `step`: a chip that shows minutes does not render each second. */
export function useNow(step = 1000): number {
  const read = () => Math.floor((listeners.size > 0 ? current : now()) / step) * step;
  return useSyncExternalStore(subscribe, read);
}
