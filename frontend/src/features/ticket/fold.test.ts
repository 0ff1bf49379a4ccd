import { expect, test } from "vitest";
import type { TimelineItem } from "../../api/types";
import { at, message, said } from "../../test/samples";
import { foldEvents } from "./fold";

const event = (id: string, kind: string): TimelineItem => ({
  id,
  type: "event",
  at: at(0),
  version: 1,
  event: { kind, actor_id: 7, data: {} },
});

test("what happened between two messages is one block, and the opening says nothing of its own", () => {
  const first = said(message());
  const second = said(message());
  const blocks = foldEvents([
    event("e0", "ticket.opened"),
    first,
    event("e1", "ticket.claimed"),
    event("e2", "ticket.changed"),
    second,
  ]);
  expect(blocks.map((b) => (b.type === "events" ? b.items.map((i) => i.id) : b.item.id))).toEqual([
    first.id,
    ["e1", "e2"],
    second.id,
  ]);
});
