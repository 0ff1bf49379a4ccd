import type { QueryClient } from "@tanstack/react-query";
import { peopleQuery } from "../../api/directory";
import type { TicketFrame } from "../../api/frames";
import { meQuery } from "../../api/session";
import { text } from "../../lib/i18n";
import { type Shown, toast } from "../../ui/toast";
import { ladderOf, near } from "./escalated";
import { keepLease } from "./lease";

/** Tells us when a ticket comes into our hands or is taken out of them. */
export async function tellHands(cache: QueryClient, frame: TicketFrame): Promise<void> {
  const me = cache.getQueryData(meQuery.queryKey);
  const data = frame.data ?? {};
  if (!me) return;
  const lost =
    frame.kind === "ticket.claimed" &&
    data.take_over === true &&
    data.from === me.id &&
    frame.row.assignee_id !== me.id;
  const got = frame.kind === "ticket.transferred" && data.to === me.id;
  if (frame.row.holder_id !== me.id && (lost || frame.kind === "ticket.transferred"))
    keepLease(frame.ticket_id, undefined);
  if (!got && !(lost && !looking(frame.row.protocol))) return; // whoever looks at it has the strip
  const people = await cache.ensureQueryData(peopleQuery);
  const holder = people.find((p) => p.id === frame.row.holder_id)?.name ?? text("event.somebody");
  toast(
    got
      ? text("transfer.came", { subject: frame.row.subject })
      : text("claim.taken", { name: holder, subject: frame.row.subject, reason: String(data.reason ?? "") }),
  );
}

/** Whether this ticket is before our eyes. */
const looking = (protocol: string) =>
  new URLSearchParams(location.search).get("t") === protocol && document.visibilityState === "visible";

const mentionStays = 20_000;
const mentions = new Map<number, Shown>();

/** Tells us that a note names us, with the way there: the newest of each ticket, unless we are looking at it. */
export function tellMention(cache: QueryClient, { ticket_id, data, row }: TicketFrame): void {
  const me = cache.getQueryData(meQuery.queryKey);
  const named = data?.mentions;
  if (!me || !Array.isArray(named) || !named.includes(me.id)) return;
  if (looking(row.protocol)) return;
  mentions.get(ticket_id)?.dismiss();
  mentions.set(
    ticket_id,
    toast(text("mention.came", { subject: row.subject }), {
      stay: mentionStays,
      link: { name: text("mention.open"), href: `/fila?view=mentions&t=${row.protocol}` },
    }),
  );
}

let alerts = 0;
let alert: Shown | undefined;

/**
 * Tells us that a deadline which is ours to mind comes near or has passed, with the
 * way there. Several within a short time are one toast: whoever supervises a bad hour
 * needs the list, not a pile.
 */
export function tellEscalated(cache: QueryClient, { data, row }: TicketFrame): void {
  const me = cache.getQueryData(meQuery.queryKey);
  const { steps, told } = ladderOf(data);
  const furthest = steps.filter((s) => s.act === "holder" || s.act === "supervisors").at(-1);
  if (!me || !furthest || !told.includes(me.id)) return;
  alert?.dismiss();
  alerts++;
  alert =
    alerts > 1
      ? toast(text("escalated.many", { n: alerts }), {
          stay: mentionStays,
          link: { name: text("escalated.list"), href: "/painel" },
        })
      : toast(text("escalated.came", { subject: row.subject, near: near(text, furthest) }), {
          stay: mentionStays,
          link: { name: text("mention.open"), href: `/fila?view=all&t=${row.protocol}` },
        });
  const mine = alert;
  setTimeout(() => {
    if (alert === mine) alerts = 0;
  }, mentionStays);
}
