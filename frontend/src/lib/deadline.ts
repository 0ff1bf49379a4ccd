/** What a row, a header or a clock says about its next deadline. Instants are RFC 3339 or null. */
export interface Deadline {
  due: string | null;
  from: string | null;
  warn: string | null;
  paused: string;
  breached: boolean;
}

export type Stage = "none" | "calm" | "due" | "breached" | "paused";

export interface Reading {
  stage: Stage;
  /** Milliseconds to the deadline; negative after it. */
  left: number;
  /** How much of the time is still there, 0 to 1. */
  share: number;
}

/**
 * Reads a deadline at an instant. A clock that stands still is paused whatever
 * its date says; the breach itself is shown by the date, because the server
 * records it up to some milliseconds later and the eye should not see a gap.
 */
export function readDeadline(d: Deadline, now: number): Reading {
  if (d.paused) return { stage: "paused", left: 0, share: 0 };
  if (!d.due) return { stage: "none", left: 0, share: 0 };
  const due = Date.parse(d.due);
  const left = due - now;
  if (left <= 0) return { stage: "breached", left, share: 0 };
  const from = d.from ? Date.parse(d.from) : due;
  const share = due > from ? Math.min(1, left / (due - from)) : 1;
  const warned = d.warn !== null && now >= Date.parse(d.warn);
  return { stage: warned ? "due" : "calm", left, share };
}
