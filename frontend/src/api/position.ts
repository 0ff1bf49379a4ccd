/** A place in the stream of events, "<epoch>.<pos>". Outside this file it is an opaque text. */
export type Position = string;

/** Negative when a is before b, and undefined when they belong to different histories. */
export function comparePositions(a: Position, b: Position): number | undefined {
  const [epochA, posA] = split(a);
  const [epochB, posB] = split(b);
  return epochA === epochB ? posA - posB : undefined;
}

/** Whether something taken at `at` already contains everything up to `since`. */
export function covers(at: Position, since: Position): boolean {
  const order = comparePositions(at, since);
  return order !== undefined && order >= 0;
}

function split(p: Position): [epoch: string, pos: number] {
  const dot = p.lastIndexOf(".");
  return [p.slice(0, dot), Number(p.slice(dot + 1))];
}
