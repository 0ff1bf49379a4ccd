import type { Person, TicketRow } from "../../api/types";

/** The name that is being written after an @, and where its @ stands. */
export interface Naming {
  at: number;
  typed: string;
}

const most = 8;
const longest = 60;

/** What stands before the caret as @ and the beginning of a name; an address in the text names nobody. */
export function namingAt(text: string, caret: number): Naming | undefined {
  const before = text.slice(Math.max(0, caret - longest), caret);
  const found = /(?:^|[^\p{L}\p{N}])@([^@\n]*)$/u.exec(before);
  const typed = found?.[1];
  if (typed === undefined || /^\s/.test(typed)) return undefined;
  return { at: caret - typed.length - 1, typed };
}

const plain = (text: string) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** Whoever is told of a note on this ticket: only those who see it are offered. */
export const hears = (person: Person, row: Pick<TicketRow, "team_id" | "walled">) =>
  row.walled
    ? person.role === "ombudsman"
    : person.role === "admin" || person.role === "ombudsman" || person.team_ids.includes(row.team_id);

/** Colleagues whose name, or a later part of it, begins as it was typed; the first name counts more. */
export function colleaguesFor(
  typed: string,
  people: readonly Person[],
  me: number,
  row: Pick<TicketRow, "team_id" | "walled">,
): Person[] {
  const wanted = plain(typed);
  const rank = ({ name }: Person) => {
    const folded = plain(name);
    if (folded.startsWith(wanted)) return 0;
    return folded.includes(` ${wanted}`) ? 1 : 2;
  };
  return people
    .filter((p) => p.active && p.id !== me && hears(p, row) && rank(p) < 2)
    .sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name))
    .slice(0, most);
}

/** The text with the whole name in place of what was typed of it, and where the caret goes. */
export function named(
  text: string,
  caret: number,
  { at }: Naming,
  name: string,
): { text: string; caret: number } {
  const head = `${text.slice(0, at)}@${name} `;
  return { text: head + text.slice(caret).replace(/^ /, ""), caret: head.length };
}
