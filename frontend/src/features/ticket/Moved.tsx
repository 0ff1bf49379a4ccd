import type { DeadlineMove, Happened } from "../../api/types";
import type { TextId, Translate } from "../../lib/i18n";
import { useText } from "../../lib/i18n";
import { dayAndTime } from "../../lib/time";
import { clockName } from "../../ui/deadline/words";
import { describe, type Names } from "./describe";
import { escalated } from "./escalated";

// Their clause is the message itself.
const said = new Set([
  "ticket.message_in",
  "ticket.replied",
  "ticket.noted",
  "ticket.undone",
  "ticket.automatic",
]);

/** A line of the timeline about deadlines: what somebody did to one, and which moved from when to when. */
export default function Moved({ event, names }: { event: Happened; names: Names }) {
  const t = useText();
  return describeMoved(t, event, names);
}

export function describeMoved(t: Translate, event: Happened, names: Names): string {
  const moves = event.deadlines ?? [];
  const clause =
    event.kind === "ticket.clock"
      ? clockActed(t, event, names)
      : event.kind === "clock.escalated" || event.kind === "ticket.escalated"
        ? escalated(t, event, names)
        : said.has(event.kind)
          ? ""
          : describe(t, event, names);
  return [clause, ...moves.map((m) => moved(t, m))].filter(Boolean).join(" · ");
}

const acts: Record<string, TextId> = {
  started: "event.clock.started",
  stopped: "event.clock.stopped",
  paused: "event.clock.paused",
  resumed: "event.clock.resumed",
  pause_ended: "event.clock.pause_ended",
  pause_taken_back: "event.clock.pause_taken_back",
  extended: "event.clock.extended",
  cancelled: "event.clock.cancelled",
  told: "event.clock.told",
  returned: "event.clock.returned",
};

const ways: Record<string, TextId> = {
  email: "event.clock.told.email",
  sms: "event.clock.told.sms",
  letter: "event.clock.told.letter",
};

function clockActed(t: Translate, { data, actor_id }: Happened, { people }: Names): string {
  const who = people.find((p) => p.id === actor_id)?.name ?? t("event.somebody");
  const said = t(acts[String(data?.did)] ?? "event.other", {
    who,
    clock: clockName(t, String(data?.clock)),
    policy: String(data?.policy ?? ""),
    reason: String(data?.reason ?? ""),
    way: t(ways[String(data?.way)] ?? "event.clock.told.email"),
  });
  return data?.breached ? `${said} · ${t("event.clock.breached")}` : said;
}

const whys: Record<string, TextId> = {
  rules: "event.deadline.rules",
  calendar: "event.deadline.calendar",
  extension: "event.deadline.extension",
  pause: "event.deadline.pause",
  cancel: "event.deadline.cancel",
  by_hand: "event.deadline.by_hand",
  segment: "event.deadline.segment",
  told: "event.deadline.told",
  returned: "event.deadline.returned",
};

function moved(t: Translate, { clock, from, to, why }: DeadlineMove): string {
  const values = {
    clock: clockName(t, clock),
    from: from ? dayAndTime(from) : "",
    to: to ? dayAndTime(to) : "",
    why: t(whys[why] ?? "event.deadline.rules"),
  };
  if (!from) return t("event.deadline.begun", values);
  return t(to ? "event.deadline.moved" : "event.deadline.gone", values);
}
