import type { CommandId } from "../lib/commands";

/** What a menu shows, as data: the part that draws it is loaded when a menu first opens. */
export type MenuEntry =
  | { type: "item"; name: string; command?: CommandId; run: () => void }
  | {
      type: "choices";
      options: readonly { name: string; command?: CommandId }[];
      chosen: number;
      choose: (at: number) => void;
    }
  | { type: "line" };

export const item = (name: string, run: () => void, command?: CommandId): MenuEntry => ({
  type: "item",
  name,
  run,
  command,
});

export const line: MenuEntry = { type: "line" };

/** One of several, with a mark at the chosen one. */
export function choices<T>(
  value: T,
  options: readonly { value: T; name: string; command?: CommandId }[],
  onChoose: (value: T) => void,
): MenuEntry {
  return {
    type: "choices",
    options,
    chosen: options.findIndex((o) => o.value === value),
    choose: (at) => {
      const option = options[at];
      if (option) onChoose(option.value);
    },
  };
}
