import type { Happened, Kind, Person, Status, Team } from "../../api/types";
import type { TextId, Translate } from "../../lib/i18n";
import { dayAndTime } from "../../lib/time";
import { clockName } from "../../ui/deadline/words";

export interface Names {
  people: readonly Person[];
  teams: readonly Team[];
}

const statuses: readonly string[] = [
  "new",
  "open",
  "waiting_customer",
  "waiting_third",
  "resolved",
  "closed",
];

const simple: Record<string, TextId> = {
  "ticket.released": "event.released",
  "ticket.lease_expired": "event.lease_expired",
  "ticket.reopened": "event.reopened",
  "case.changed": "event.case",
};

const changes: Record<string, TextId> = {
  status: "event.changed.status",
  priority: "event.changed.priority",
  team_id: "event.changed.team",
  assignee_id: "event.changed.assignee",
  tags: "event.changed.tags",
  reason_id: "event.changed.reason",
  incident: "event.changed.incident",
  kind: "event.changed.kind",
  subject: "event.changed.subject",
};

/** What happened, as one clause of a line. */
export function describe(t: Translate, event: Happened, names: Names): string {
  const who = actorName(t, event, names.people);
  const data = event.data ?? {};
  const known = simple[event.kind];
  if (known) return t(known, { who });
  switch (event.kind) {
    case "ticket.claimed":
      return t(data.take_over ? "event.taken_over" : "event.claimed", {
        who,
        reason: String(data.reason ?? ""),
      });
    case "ticket.status":
      return t("event.status", { who, to: statusName(t, data.to ?? to(fieldsOf(data).status)) });
    case "ticket.changed":
      return t(data.undo ? "event.bulk.undone" : data.bulk_id ? "event.bulk.changed" : "event.changed", {
        who,
        what: changedFields(t, fieldsOf(data), names),
      });
    case "ticket.call":
      return callDid(t, data, who);
    case "ticket.call_back":
      return callBackDid(t, data, who);
    case "ticket.merged":
      return t(data.took ? "event.merged.took" : "event.merged.into", {
        who,
        protocol: String(data.protocol ?? ""),
      });
    case "ticket.duty":
      return t(data.duty === "cancellation" ? "event.duty.cancellation" : "event.duty.undue_charge", {
        who,
        how: String(data.how ?? ""),
      });
    case "ticket.promise":
      return t(promiseActs[String(data.did)] ?? "event.other", {
        who,
        text: String(data.text ?? ""),
        reason: String(data.reason ?? ""),
      });
    case "ticket.planned":
      return t(data.why === "segment" ? "event.planned.segment" : "event.planned");
    case "ticket.transferred":
      return t("event.transferred", {
        who,
        to:
          names.people.find((p) => p.id === data.to)?.name ??
          names.teams.find((team) => team.id === data.team_id)?.name ??
          t("event.somebody"),
      });
    case "ticket.skipped":
      return t("event.skipped", { who, why: skipped(t, data) });
    case "ticket.help":
      return t(
        data.did === "asked"
          ? "event.help"
          : data.did === "joined"
            ? "event.help.joined"
            : "event.help.withdrawn",
        { who, word: String(data.word ?? "") },
      );
    case "ticket.held":
      return t(data.held ? "event.held" : "event.held.lifted", { who, why: String(data.reason ?? "") });
    case "ticket.area":
      return t(areaActs[String(data.act)] ?? "event.other", { who, area: String(data.area ?? "") });
    case "ticket.incident":
      return t(data.incident_id ? "event.incident.linked" : "event.incident.unlinked", {
        who,
        title: String(data.title ?? ""),
      });
    case "clock.warned":
    case "clock.breached":
      return stages(t, data);
    case "clock.moved":
      return t("event.calendar_moved", { clocks: movedClocks(t, data) });
    default:
      return t("event.other", { who });
  }
}

const skips: Record<string, TextId> = {
  knowledge: "skip.knowledge",
  language: "skip.language",
  personal: "skip.personal",
  breather: "skip.breather",
  other: "skip.other",
};

/** Why somebody gave back what they were served. */
const skipped = (t: Translate, { reason, word }: Record<string, unknown>) =>
  [t(skips[String(reason)] ?? "skip.other"), word].filter(Boolean).join(": ");

const areaActs: Record<string, TextId> = {
  asked: "event.area.asked",
  answered: "event.area.answered",
  added: "event.area.added",
  withdrawn: "event.area.withdrawn",
  closed: "event.area.closed",
  extended: "event.area.extended",
  reminded: "event.area.reminded",
  overdue: "event.area.overdue",
  chased: "event.area.chased",
};

const outcomes: Record<string, TextId> = {
  solved: "event.call.solved",
  forwarded: "event.call.forwarded",
  call_back: "event.call.call_back",
  dropped: "event.call.dropped",
  informational: "event.call.informational",
  wrong_number: "event.call.wrong_number",
  silent: "event.call.silent",
};

/** What a call did to the ticket: how it ended, or who it was, or only that it was there. */
function callDid(t: Translate, data: Record<string, unknown>, who: string): string {
  const outcome = outcomes[String(data.outcome ?? "")];
  if (outcome) return t(outcome, { who });
  if (data.customer_id) return t("event.call.customer", { who });
  return t(data.note_id ? "event.call.noted" : "event.call", { who });
}

const tries: Record<string, TextId> = {
  reached: "event.call_back.reached",
  no_answer: "event.call_back.no_answer",
  busy: "event.call_back.busy",
  wrong_number: "event.call_back.wrong_number",
};

function callBackDid(t: Translate, data: Record<string, unknown>, who: string): string {
  const tried = tries[String(data.result ?? "")];
  if (tried) return t(tried, { who, n: Number(data.attempts ?? 0) });
  if (data.state === "cancelled")
    return t("event.call_back.given_up", { who, reason: String(data.reason ?? "") });
  return t("event.call_back.moved", { who });
}

/** The deadlines that fell, or came near, in one event; of each clock the furthest it came. */
function stages(t: Translate, data: Record<string, unknown>): string {
  const furthest = new Map<string, number>();
  for (const { clock, stage } of Array.isArray(data.stages) ? data.stages.filter(isRecord) : []) {
    furthest.set(String(clock), Math.max(Number(stage), furthest.get(String(clock)) ?? 0));
  }
  return [...furthest]
    .map(([kind, stage]) => {
      const clock = clockName(t, kind);
      return stage >= 100 ? t("event.breached", { clock }) : t("event.warned", { clock, stage });
    })
    .join(", ");
}

/** The clocks whose deadlines a changed calendar has moved, each with when it is due now. */
function movedClocks(t: Translate, data: Record<string, unknown>): string {
  return (Array.isArray(data.deadlines) ? data.deadlines.filter(isRecord) : [])
    .map(({ clock, from, to }) =>
      t("event.calendar_moved.one", {
        clock: clockName(t, String(clock)),
        from: dayAndTime(String(from)),
        to: dayAndTime(String(to)),
      }),
    )
    .join("; ");
}

function actorName(t: Translate, { actor_id }: Happened, people: readonly Person[]): string {
  if (actor_id === null) return t("event.nobody");
  return people.find((p) => p.id === actor_id)?.name ?? t("event.somebody");
}

const statusName = (t: Translate, status: unknown) =>
  statuses.includes(String(status)) ? t(`status.${status as Status}`) : String(status ?? "");

const fieldsOf = (data: Record<string, unknown>) => (isRecord(data.fields) ? data.fields : {});

const to = (change: unknown) => (isRecord(change) ? change.to : undefined);

function changedFields(t: Translate, fields: Record<string, unknown>, names: Names): string {
  const clauses = Object.entries(fields).flatMap(([field, change]) => {
    const id = changes[field];
    return id ? [t(id, { to: shown(t, field, to(change), names) })] : [];
  });
  return clauses.length > 0 ? clauses.join(", ") : t("event.changed.something");
}

const nothing = "–";

function shown(t: Translate, field: string, value: unknown, { teams, people }: Names): string {
  switch (field) {
    case "status":
      return statusName(t, value);
    case "priority":
      return t(`priority.${value as 1 | 2 | 3 | 4}`);
    case "kind":
      return t(`kind.${value as Kind}`);
    case "team_id":
      return teams.find((team) => team.id === value)?.name ?? nothing;
    case "assignee_id":
      return people.find((p) => p.id === value)?.name ?? nothing;
    default:
      return (Array.isArray(value) ? value.join(", ") : String(value ?? "")) || nothing;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const promiseActs: Record<string, TextId> = {
  kept: "event.promise.kept",
  moved: "event.promise.moved",
  withdrawn: "event.promise.withdrawn",
};
