import { useQuery } from "@tanstack/react-query";
import { usePerson } from "../../api/directory";
import { useMe } from "../../api/session";
import type { TicketRow } from "../../api/types";
import { timelineQuery } from "./api";

/** Who has taken the ticket out of our hands, and why, while they have it. */
export function useTaken(row: TicketRow): { name: string; reason: string } | undefined {
  const me = useMe();
  const entries = useQuery(timelineQuery(row.id)).data?.items;
  const last = entries?.findLast((e) => e.event?.kind === "ticket.claimed")?.event;
  const ours = last?.data?.take_over && last.data.from === me.id && last.actor_id === row.holder_id;
  const by = usePerson(ours ? last.actor_id : null);
  return by && by.id !== me.id ? { name: by.name, reason: String(last?.data?.reason ?? "") } : undefined;
}
