/** The instant at which the clock of a zone shows "2026-11-22T08:00". */
export function instantIn(zone: string, local: string): Date {
  const wanted = Date.parse(`${local}:00Z`);
  let at = wanted;
  // Twice: the first try may fall on the other side of a change of the clocks.
  for (let n = 0; n < 2; n++) at += wanted - shownIn(zone, at);
  return new Date(at);
}

/** What the clock of a zone shows at an instant, as a field of date and time holds it: "2026-11-22T08:00". */
export const localIn = (zone: string, at: number): string =>
  new Date(shownIn(zone, at)).toISOString().slice(0, 16);

function shownIn(zone: string, at: number): number {
  const text = new Intl.DateTimeFormat("sv-SE", {
    timeZone: zone,
    dateStyle: "short",
    timeStyle: "medium",
  }).format(at);
  return Date.parse(`${text.replace(" ", "T")}Z`);
}
