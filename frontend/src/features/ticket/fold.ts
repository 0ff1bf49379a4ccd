import type { TimelineItem } from "../../api/types";

export type Block =
  | { type: "entry"; item: TimelineItem }
  /** What happened between two things that were said, in one line. */
  | { type: "events"; items: TimelineItem[] };

// The opening says what the first message says.
const silent = new Set(["ticket.opened"]);

/** Groups the timeline: messages and notes stand alone, what happened between them is gathered. */
export function foldEvents(items: readonly TimelineItem[]): Block[] {
  const blocks: Block[] = [];
  for (const item of items) {
    if (item.type !== "event") {
      blocks.push({ type: "entry", item });
      continue;
    }
    if (item.event && silent.has(item.event.kind)) continue;
    const last = blocks.at(-1);
    if (last?.type === "events") last.items.push(item);
    else blocks.push({ type: "events", items: [item] });
  }
  return blocks;
}
