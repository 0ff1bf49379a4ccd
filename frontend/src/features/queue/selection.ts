import { create } from "zustand";

interface Selection {
  /** The list in which they were chosen: in another one nothing is. */
  list: string;
  ids: ReadonlySet<number>;
  /** Not those on screen, but everything the list holds. */
  all: boolean;
  /** Where a stretch begins, and what was chosen before it was drawn out. */
  from?: number;
  before?: ReadonlySet<number>;
}

/** Tickets chosen in the queue, to be changed together. */
export const useSelection = create<Selection>()(() => ({ list: "", ids: new Set(), all: false }));

const set = (list: string, ids: ReadonlySet<number>, from?: number) =>
  useSelection.setState({ list, ids, all: false, from, before: undefined });

export const clearSelection = () => set("", new Set());

const chosenOf = (list: string) => {
  const now = useSelection.getState();
  return now.list === list ? now : { ids: new Set<number>(), from: undefined, before: undefined };
};

/** Chooses a ticket of a list, or lets it go; stretches begin there. */
export function toggle(list: string, id: number): void {
  const chosen = new Set(chosenOf(list).ids);
  if (!chosen.delete(id)) chosen.add(id);
  set(list, chosen, id);
}

export const choose = (list: string, ids: readonly number[]) =>
  set(list, new Set([...chosenOf(list).ids, ...ids]));

/** Chooses all from where the stretch began, or else from `start`, to a ticket; drawn anew each time. */
export function chooseTo(list: string, ids: readonly number[], start: number, to: number): void {
  const now = chosenOf(list);
  const from = now.from !== undefined && ids.includes(now.from) ? now.from : start;
  const before = (now.from === from && now.before) || now.ids;
  const [a, b] = [ids.indexOf(from), ids.indexOf(to)].sort((x, y) => x - y) as [number, number];
  const stretch = ids.slice(Math.max(0, a), b + 1);
  useSelection.setState({ list, ids: new Set([...before, ...stretch]), all: false, from, before });
}

export const chooseAll = () => useSelection.setState({ all: true });
