import { create } from "zustand";

interface Selection {
  /** The list in which they were chosen: in another one nothing is. */
  list: string;
  ids: ReadonlySet<number>;
  /** Not those on screen, but everything the list holds. */
  all: boolean;
}

/** Tickets chosen in the queue, to be changed together. */
export const useSelection = create<Selection>()(() => ({ list: "", ids: new Set(), all: false }));

const set = (list: string, ids: ReadonlySet<number>, all = false) =>
  useSelection.setState({ list, ids, all });

export const clearSelection = () => set("", new Set());

/** Chooses tickets of a list, or lets them go when all of them are chosen already. */
export function toggle(list: string, ids: readonly number[]): void {
  const now = useSelection.getState();
  const chosen = new Set(now.list === list ? now.ids : []);
  const known = ids.every((id) => chosen.has(id));
  for (const id of ids) known ? chosen.delete(id) : chosen.add(id);
  set(list, chosen);
}

export const choose = (list: string, ids: readonly number[]) => {
  const now = useSelection.getState();
  set(list, new Set([...(now.list === list ? now.ids : []), ...ids]));
};

export const chooseAll = () => useSelection.setState({ all: true });
