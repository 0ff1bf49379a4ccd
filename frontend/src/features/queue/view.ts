import type { TicketQuery, TicketRow } from "../../api/types";

/** A saved view goes by the digits of its id. */
export type SavedId = `${number}`;
export type View = (typeof views)[number];
/** A search is ordered by the server, best first; these are for lists. */
export type Sort = Exclude<NonNullable<TicketQuery["sort"]>, "relevance">;

export const views = [
  "mine",
  "unassigned",
  "team",
  "all",
  "due_today",
  "breached",
  "waiting_customer",
  "promised",
  "reopened",
  "mentions",
  "unread",
  "resolved",
] as const;

/** The views that stand in the rail only while they hold something. */
export const passing: readonly View[] = ["promised", "reopened", "mentions", "unread"];

export const sorts = ["due", "waiting", "newest"] as const satisfies readonly Sort[];

/** The views that say themselves whose their tickets are; any other can be narrowed to one's own. */
export const ofSomebody: readonly string[] = ["mine", "unassigned", "unread"] satisfies View[];

/** What the address bar holds of a list. */
export interface ListQuery {
  view: View | SavedId;
  sort: Sort;
  q?: string;
  team?: number;
  assignee?: number;
  channel?: TicketRow["channel"];
}

/** For whom a view is looked at, and when its today ends. */
export interface Viewer {
  id: number;
  teams: readonly number[];
  endOfToday: number;
}

/** What a saved view holds only the server decides. */
export const isStock = (view: View | SavedId): view is View => (views as readonly string[]).includes(view);

const isOpen = (row: TicketRow) => row.status !== "resolved" && row.status !== "closed";

/**
 * Whether a row belongs into a list, as the server decides it (internal/ticket).
 * Only asked about rows that the live stream changed: what a page brought in
 * stays until something happens to it.
 */
export function belongs(row: TicketRow, query: ListQuery, viewer: Viewer): boolean {
  if (query.team !== undefined && row.team_id !== query.team) return false;
  if (query.assignee !== undefined && row.assignee_id !== query.assignee) return false;
  if (query.channel !== undefined && row.channel !== query.channel) return false;
  return !isStock(query.view) || inView(row, query.view, viewer);
}

function inView(row: TicketRow, view: View, viewer: Viewer): boolean {
  if (isOpen(row) === (view === "resolved")) return false;
  switch (view) {
    case "mine":
      return row.assignee_id === viewer.id;
    case "unassigned":
      return row.assignee_id === null;
    case "team":
      return viewer.teams.includes(row.team_id) && !row.walled;
    case "due_today":
      return !row.breached && row.next_due !== null && Date.parse(row.next_due) <= viewer.endOfToday;
    case "breached":
      return row.breached;
    case "waiting_customer":
      return row.status === "waiting_customer";
    case "promised":
      return row.promised_at !== null;
    case "reopened":
      return row.reopened_at !== null;
    case "mentions":
      return row.mentioned.includes(viewer.id);
    case "unread":
      return row.unread && row.assignee_id === viewer.id;
    case "all":
    case "resolved":
      return true;
  }
}

// Absent instants are last, as infinity is in the database. RFC 3339 in UTC with
// the same number of digits sorts as text, which is many times faster than parsing.
const byInstant = (a: string | null, b: string | null) =>
  a === b ? 0 : a === null ? 1 : b === null || a < b ? -1 : 1;

const orders: Record<Sort, (a: TicketRow, b: TicketRow) => number> = {
  due: (a, b) => byInstant(a.next_due, b.next_due) || a.id - b.id,
  waiting: (a, b) => byInstant(a.waiting_since, b.waiting_since) || a.id - b.id,
  newest: (a, b) => b.id - a.id,
};

export const inOrder = (sort: Sort) => orders[sort];
