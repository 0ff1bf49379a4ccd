import type { QueryClient } from "@tanstack/react-query";
import { keys } from "../../api/keys";
import { comparePositions, type Position } from "../../api/position";
import type { Counts } from "../../api/types";

/** Takes counters from the stream unless they are older than what is known of the same history. */
export function tellCounts(
  cache: QueryClient,
  counts: Record<string, number>,
  at: Position,
  saved?: Record<string, number>,
): void {
  cache.setQueryData<Counts>(keys.counts, (known) => {
    if (known && (comparePositions(at, known.version) ?? 1) < 0) return known;
    return { counts: { ...known?.counts, ...counts }, saved: saved ?? known?.saved, version: at };
  });
}
