import { useEffect, useRef } from "react";
import type { TextId } from "./i18n";

/**
 * Everything the keyboard can do, in one table: the key listener, the sheet
 * behind `?`, the palette and the hints in tooltips all read it. `keys` is a
 * sequence of `KeyboardEvent.key` values; "Mod" stands for Ctrl (or ⌘), alone or with "Shift".
 * `anywhere` is a key that does the same even while somebody writes or a dialog is open.
 */
export const commands = {
  "queue.next": { keys: ["g", "p"], text: "command.queue.next" },
  "queue.down": { keys: ["j"], text: "command.queue.down" },
  "queue.up": { keys: ["k"], text: "command.queue.up" },
  "queue.open": { keys: ["Enter"], text: "command.queue.open" },
  "queue.back": { keys: ["Escape"], text: "command.queue.back" },
  "queue.search": { keys: ["/"], text: "command.queue.search" },
  "queue.choose": { keys: ["x"], text: "command.queue.choose" },

  "queue.arrivals": { keys: ["u"], text: "command.queue.arrivals" },
  "ticket.claim": { keys: ["a"], text: "command.ticket.claim" },
  "ticket.transfer": { keys: ["A"], text: "command.ticket.transfer" },
  "ticket.skip": { keys: ["P"], text: "command.ticket.skip" },
  "ticket.help": { keys: ["H"], text: "command.ticket.help" },
  "ticket.reply": { keys: ["r"], text: "command.ticket.reply" },
  "ticket.note": { keys: ["n"], text: "command.ticket.note" },
  "ticket.attach": { keys: ["Mod", "Shift", "a"], text: "command.ticket.attach" },
  "ticket.resolve": { keys: ["e"], text: "command.ticket.resolve" },
  "ticket.incident": { keys: ["i"], text: "command.ticket.incident" },
  "ticket.tags": { keys: ["t"], text: "command.ticket.tags" },
  "ticket.area": { keys: ["q"], text: "command.ticket.area" },
  "ticket.priority.1": { keys: ["1"], text: "command.ticket.priority.1" },
  "ticket.priority.2": { keys: ["2"], text: "command.ticket.priority.2" },
  "ticket.priority.3": { keys: ["3"], text: "command.ticket.priority.3" },
  "ticket.priority.4": { keys: ["4"], text: "command.ticket.priority.4" },
  "reply.undo": { keys: ["z"], text: "command.reply.undo" },
  "ticket.copy": { keys: ["."], text: "command.ticket.copy" },
  "ticket.customer": { keys: ["]"], text: "command.ticket.customer" },
  "call.open": { keys: ["c"], anywhere: "F2", text: "command.call.open" },
  "go.queue": { keys: ["g", "f"], text: "command.go.queue" },
  "go.breaches": { keys: ["g", "v"], text: "command.go.breaches" },
  "go.callbacks": { keys: ["g", "r"], text: "command.go.callbacks" },
  "go.intake": { keys: ["g", "e"], text: "command.go.intake" },
  "go.incidents": { keys: ["g", "i"], text: "command.go.incidents" },
  "go.settings": { keys: ["g", "j"], text: "command.go.settings" },
  "app.state": { keys: ["g", "s"], text: "command.app.state" },
  "app.palette": { keys: ["Mod", "k"], text: "command.app.palette" },
  "app.help": { keys: ["?"], text: "command.app.help" },
} as const satisfies Record<string, { keys: readonly string[]; anywhere?: string; text: TextId }>;

export type CommandId = keyof typeof commands;

export const anywhereKey = (id: CommandId): string | undefined => {
  const command = commands[id];
  return "anywhere" in command ? command.anywhere : undefined;
};
export const commandIds = Object.keys(commands) as CommandId[];

type Handler = () => void;
const handlers = new Map<CommandId, Handler[]>();

/** Runs the newest handler of a command. False when nobody on screen can do it. */
export function run(id: CommandId): boolean {
  const handler = handlers.get(id)?.at(-1);
  handler?.();
  return handler !== undefined;
}

export const canRun = (id: CommandId) => (handlers.get(id)?.length ?? 0) > 0;

export function offer(id: CommandId, handler: Handler): () => void {
  const stack = handlers.get(id) ?? [];
  stack.push(handler);
  handlers.set(id, stack);
  return () => {
    const at = stack.indexOf(handler);
    if (at >= 0) stack.splice(at, 1);
  };
}

/** Offers commands while the component is on screen. An undefined handler offers nothing. */
export function useCommands(table: Partial<Record<CommandId, Handler | undefined>>): void {
  const latest = useRef(table);
  latest.current = table;
  const offered = commandIds.filter((id) => table[id]).join(" ");
  useEffect(() => {
    const ids = offered.split(" ").filter(Boolean) as CommandId[];
    const withdraw = ids.map((id) => offer(id, () => latest.current[id]?.()));
    return () => {
      for (const end of withdraw) end();
    };
  }, [offered]);
}
