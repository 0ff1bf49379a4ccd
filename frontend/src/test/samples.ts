import type { Me, Message, Person, TicketRow, TimelineItem } from "../api/types";

// Made-up people of a made-up shop: material for tests only.

/** Sunday, 22 November 2026, 14:30 in São Paulo. */
export const noon = Date.parse("2026-11-22T17:30:00Z");

const minute = 60_000;

/** An instant some minutes from noon, as the server writes it. */
export const at = (minutes: number) => new Date(noon + minutes * minute).toISOString().replace("Z", "000Z");

export const me: Me = {
  id: 7,
  name: "Rosa Lima",
  email: "rosa@example.test",
  role: "supervisor",
  locale: "pt-BR",
  teams: [
    { id: 1, name: "Atendimento", default: true },
    { id: 2, name: "Trocas", default: false },
  ],
  csrf_token: "csrf",
  time_zone: "America/Sao_Paulo",
  extension: "",
  can: [
    "tickets.work",
    "tickets.take_over",
    "breaches.see",
    "accounts.manage",
    "desk.manage",
    "forms.manage",
  ],
};

export const people: Person[] = [
  { id: 7, name: "Rosa Lima", role: "supervisor", team_ids: [1, 2], active: true },
  { id: 8, name: "Davi Prado", role: "agent", team_ids: [1], active: true },
  { id: 9, name: "Nina Sato", role: "agent", team_ids: [2], active: true },
];

let serial = 0;

/** A row with sensible values; give what matters for the test. */
export function row(values: Partial<TicketRow> = {}): TicketRow {
  const id = values.id ?? ++serial;
  return {
    id,
    protocol: `20261122${String(id).padStart(7, "0")}39`,
    subject: "Entrega não chegou",
    preview: "O prazo era sexta e até agora nada.",
    brand_id: 1,
    customer_id: 100 + id,
    customer_name: "Célia Moura",
    channel: "webform",
    kind: "reclamacao",
    status: "open",
    priority: 3,
    legal_priority: 0,
    team_id: 1,
    assignee_id: null,
    holder_id: null,
    tags: [],
    reason_id: null,
    incident_id: null,
    version: 1,
    public_version: 1,
    next_due: at(120),
    next_clock: "first_response",
    next_from: at(-120),
    next_warn: at(60),
    clocks: 1,
    paused: "",
    breached: false,
    reopened_at: null,
    promised_at: null,
    unread: false,
    mentioned: [],
    waiting_since: at(-30),
    opened_at: at(-60),
    updated_at: at(-30),
    resolved_at: null,
    walled: false,
    turn: "us",
    turn_area: "",
    area_answered_at: null,
    ...values,
  };
}

export function message(values: Partial<Message> = {}): Message {
  return {
    id: ++serial,
    direction: "in",
    author_id: null,
    author_name: "Célia Moura",
    body: "Meu pedido não chegou.",
    way: "",
    delivery: "none",
    delivery_reason: "",
    held_until: null,
    folded: "",
    has_html: false,
    automatic: false,
    spoken: false,
    files: [],
    version: 1,
    at: at(-60),
    ...values,
  };
}

export const said = (m: Message): TimelineItem => ({
  id: `m${m.id}`,
  type: "message",
  at: m.at,
  version: m.version,
  message: m,
});
