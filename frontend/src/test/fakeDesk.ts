import type { Clock, SavedDraft, TicketRow, TimelineItem } from "../api/types";
import { at, me, message, noon, people, said } from "./samples";

type Handler = (found: string[], body: Record<string, unknown>, url: URL) => unknown;

class Refusal {
  constructor(
    readonly status: number,
    readonly problem: Record<string, unknown>,
  ) {}
}

/** Refuses a call as the server does, with a problem of RFC 9457. */
export function refuse(status: number, code: string, extra: Record<string, unknown> = {}): never {
  throw new Refusal(status, {
    type: "about:blank",
    title: code,
    detail: `Recusado: ${code}`,
    status,
    code,
    ...extra,
  });
}

/**
 * A desk in memory that speaks the wire of the real one, as far as the screens
 * ask. Tests put tickets in, stand it in for `fetch`, and read `calls`.
 */
export class FakeDesk {
  pos = 1;
  user: typeof me | null = me;
  readonly tickets = new Map<number, TicketRow>();
  readonly timelines = new Map<number, TimelineItem[]>();
  readonly calls: { method: string; path: string; body: Record<string, unknown>; key: string | null }[] = [];
  /** Laid over a route for one test: `POST /api/tickets/3/replies`. */
  readonly overrides = new Map<string, () => unknown>();

  /** What is being written, by ticket, account and kind. */
  readonly drafts = new Map<string, SavedDraft>();

  draftsOf(ticket: number): SavedDraft[] {
    return [...this.drafts].flatMap(([key, draft]) => (key.startsWith(`${ticket}/`) ? [draft] : []));
  }

  saveDraft(
    ticket: number,
    kind: string,
    { body, seen, revision }: Record<string, unknown>,
    account = me.id,
  ): SavedDraft {
    const key = `${ticket}/${account}/${kind}`;
    const stored = this.drafts.get(key);
    if (stored && stored.revision !== revision && stored.body !== body)
      refuse(409, "draft_newer", { draft: stored });
    const draft = {
      account_id: account,
      author_name: people.find((p) => p.id === account)?.name ?? me.name,
      kind: kind as SavedDraft["kind"],
      body: String(body),
      seen: Number(seen),
      revision: body === "" ? 0 : ++this.pos,
      updated_at: new Date(noon).toISOString(),
    };
    if (body === "") this.drafts.delete(key);
    else this.drafts.set(key, draft);
    return draft;
  }

  get position() {
    return `e.${this.pos}`;
  }

  put(...rows: TicketRow[]) {
    for (const row of rows) {
      this.tickets.set(row.id, row);
      if (!this.timelines.has(row.id))
        this.timelines.set(row.id, [said(message({ author_name: row.customer_name }))]);
    }
  }

  change(id: number, values: Partial<TicketRow>): TicketRow {
    const row = { ...this.find(String(id)), ...values };
    row.version++;
    this.pos++;
    this.tickets.set(id, row);
    return row;
  }

  readonly fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = input instanceof Request ? input : new Request(input, init);
    const url = new URL(request.url);
    const body = request.method === "GET" ? {} : await request.json().catch(() => ({}));
    const key = request.headers.get("Idempotency-Key");
    if (request.method !== "GET") this.calls.push({ method: request.method, path: url.pathname, body, key });
    const headers = { Date: new Date(noon).toUTCString() };
    try {
      const answer = this.answer(request.method, url, body);
      if (answer === undefined) return new Response(null, { status: 204, headers });
      return Response.json(answer, { headers });
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      return Response.json(refusal.problem, { status: refusal.status, headers });
    }
  };

  private answer(method: string, url: URL, body: Record<string, unknown>): unknown {
    const override = this.overrides.get(`${method} ${url.pathname}`);
    if (override) return override();
    if (!this.user && url.pathname !== "/api/login") refuse(401, "not_logged_in");
    for (const [route, handle] of this.routes) {
      const found = new RegExp(`^${route}$`).exec(`${method} ${url.pathname}`);
      if (found) return handle(found.slice(1), body, url);
    }
    return refuse(404, "route_not_found");
  }

  private find(ref: string): TicketRow {
    const found = [...this.tickets.values()].find((t) => String(t.id) === ref || t.protocol === ref);
    return found ?? refuse(404, "ticket_not_found");
  }

  private list(url: URL) {
    const view = url.searchParams.get("view") ?? "all";
    const q = (url.searchParams.get("q") ?? "").toLowerCase();
    const rows = [...this.tickets.values()].filter((t) => {
      const open = t.status !== "resolved" && t.status !== "closed";
      if (q && !`${t.subject} ${t.customer_name} ${t.protocol}`.toLowerCase().includes(q)) return false;
      if (view === "resolved") return !open;
      if (view === "mine") return open && t.assignee_id === me.id;
      if (view === "unassigned") return open && t.assignee_id === null;
      if (view === "breached") return open && t.breached;
      return open;
    });
    rows.sort((a, b) => (a.next_due ?? "9").localeCompare(b.next_due ?? "9") || a.id - b.id);
    return { items: rows, next: null, version: this.position };
  }

  private lease = () => ({ fence: 1, expires_at: at(1) });

  private readonly routes: [string, Handler][] = [
    ["GET /api/me", () => this.user],
    [
      "POST /api/login",
      (_, body) => {
        if (body.password !== "correta")
          refuse(401, "bad_credentials", { detail: "E-mail ou senha não conferem." });
        this.user = me;
        return { me };
      },
    ],
    [
      "POST /api/logout",
      () => {
        this.user = null;
      },
    ],
    ["GET /api/people", () => ({ items: people })],
    ["GET /api/teams", () => ({ items: me.teams })],
    ["GET /api/reasons", () => ({ items: [] })],
    ["GET /api/calls", () => ({ items: [], next: null })],
    ["GET /api/sessions", () => ({ items: sessions })],
    ["GET /api/accounts", () => ({ items: accounts })],
    ["GET /api/views/counts", () => ({ counts: this.counts(), version: this.position })],
    ["GET /api/tickets", (_, __, url) => this.list(url)],
    ["GET /api/breaches", () => this.breaches()],
    [
      "POST /api/queue/next",
      () => this.claim([...this.tickets.values()].find((t) => t.assignee_id === null)),
    ],
    ["GET /api/tickets/(\\d+)", ([ref]) => this.detail(this.find(ref!))],
    [
      "PATCH /api/tickets/(\\d+)",
      ([ref], { version, ...change }) => {
        const row = this.find(ref!);
        if (version !== row.version) refuse(409, "version_conflict", { version: row.version });
        return { ticket: this.change(row.id, change) };
      },
    ],
    ["GET /api/tickets/(\\d+)/drafts", ([ref]) => ({ items: this.draftsOf(Number(ref)) })],
    [
      "PUT /api/tickets/(\\d+)/drafts/(reply|note)",
      ([ref, kind], body) => this.saveDraft(Number(ref), kind!, body),
    ],
    [
      "GET /api/tickets/(\\d+)/timeline",
      ([ref]) => ({ items: this.timelines.get(Number(ref)), version: this.position }),
    ],
    ["GET /api/tickets/(\\d+)/clocks", ([ref]) => ({ items: [clockOf(this.find(ref!))] })],
    ["POST /api/tickets/(\\d+)/claim", ([ref]) => this.claim(this.find(ref!))],
    [
      "POST /api/tickets/(\\d+)/release",
      ([ref]) => ({ ticket: this.change(Number(ref), { assignee_id: null, holder_id: null }) }),
    ],
    ["POST /api/tickets/(\\d+)/lease", () => ({ lease: this.lease() })],
    ["POST /api/tickets/(\\d+)/replies", ([ref], body) => this.reply(Number(ref), body)],
    [
      "POST /api/tickets/(\\d+)/notes",
      ([ref], body) => {
        const ticket = this.change(Number(ref), {});
        const note = {
          id: this.pos,
          author_id: me.id,
          author_name: me.name,
          body: String(body.body),
          version: ticket.version,
          at: at(0),
        };
        this.timelines
          .get(ticket.id)
          ?.push({ id: `n${note.id}`, type: "note", at: note.at, version: note.version, note });
        return { note, ticket };
      },
    ],
  ];

  private claim(row: TicketRow | undefined) {
    if (!row) return undefined;
    return {
      ticket: this.change(row.id, { assignee_id: me.id, holder_id: me.id, status: "open" }),
      lease: this.lease(),
    };
  }

  private reply(id: number, body: Record<string, unknown>) {
    const row = this.find(String(id));
    const items = this.timelines.get(id) ?? [];
    if (Number(body.seen_version) < row.public_version) {
      const missed = items.flatMap((i) =>
        i.message && i.version > Number(body.seen_version) ? [i.message] : [],
      );
      refuse(409, "stale", { messages: missed });
    }
    const status = body.resolve ? "resolved" : "waiting_customer";
    const ticket = this.change(id, { status, public_version: row.version + 1 });
    const answer = message({
      direction: "out",
      author_id: me.id,
      author_name: me.name,
      body: String(body.body),
      delivery: "queued",
      delivery_reason: "",
      held_until: null,
      folded: "",
      has_html: false,
      automatic: false,
      version: ticket.version,
      at: at(0),
    });
    items.push(said(answer));
    return { message: answer, ticket };
  }

  private detail(ticket: TicketRow) {
    return {
      ticket,
      clocks: [clockOf(ticket)],
      holder: null,
      fields: { pedido: "48213" },
      answers: [{ label: "pedido", value: "48213", type: "" }],
      version: this.position,
      duties: [],
      customer: {
        id: 100,
        name: ticket.customer_name,
        preferred_name: ticket.customer_name.split(" ")[0],
        legal_priority: ticket.legal_priority,
        products: ["Geladeira duplex 410 L"],
        contract: "A-2231",
        since: "2021-03-02T12:00:00Z",
        identities: [
          { kind: "email", value_masked: "c•••@example.test", verified: true },
          { kind: "cpf", value_masked: "•••.456.789-••", verified: false },
        ],
        recent: [...this.tickets.values()].slice(0, 3),
      },
    };
  }

  private counts() {
    const open = [...this.tickets.values()].filter((t) => t.status !== "resolved" && t.status !== "closed");
    return {
      mine: open.filter((t) => t.assignee_id === me.id).length,
      unassigned: open.filter((t) => t.assignee_id === null).length,
      team: open.length,
      all: open.length,
      due_today: open.filter((t) => !t.breached).length,
      breached: open.filter((t) => t.breached).length,
      waiting_customer: open.filter((t) => t.status === "waiting_customer").length,
    };
  }

  private breaches() {
    const open = [...this.tickets.values()].filter((t) => t.next_due);
    const of = (ticket: TicketRow) => ({
      ticket,
      clock: {
        id: ticket.id,
        kind: "first_response",
        due: ticket.next_due,
        breached_at: ticket.next_due,
        policy: "Primeira resposta",
        state: ticket.status === "resolved" ? "missed" : "running",
      },
    });
    return {
      breached: open.filter((t) => t.breached).map(of),
      upcoming: open.filter((t) => !t.breached && Date.parse(t.next_due!) < noon + 3_600_000).map(of),
      version: this.position,
    };
  }
}

const sessions = [
  {
    id: 1,
    current: true,
    ip: "10.0.0.12",
    user_agent: "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36",
    created_at: at(-400),
    seen_at: at(-1),
    expires_at: at(4000),
  },
  {
    id: 2,
    current: false,
    ip: "10.0.0.31",
    user_agent: "Mozilla/5.0 (X11; Linux) Firefox/142.0",
    created_at: at(-4000),
    seen_at: at(-900),
    expires_at: at(4000),
  },
];

const accounts = people.map((p) => ({
  ...p,
  email: `${p.name.split(" ")[0]!.toLowerCase()}@example.test`,
  active: p.id !== 9,
  locale: "pt-BR",
  extension: "",
  created_at: at(-90_000),
}));

function clockOf(row: TicketRow): Clock {
  return {
    id: row.id,
    kind: "first_response",
    policy: "Primeira resposta: 4 horas úteis",
    calendar: "br",
    state: row.paused ? "paused" : "running",
    started_at: row.next_from ?? row.opened_at,
    due: row.next_due ?? at(600),
    target: row.next_due ?? at(600),
    warn_at: row.next_warn ?? at(300),
    stage: 0,
    stopped_at: null,
    breached_at: null,
    legal_ref: "Decreto 11.034/2022",
    legal_limit: row.next_due ?? at(600),
    may_pause: true,
    may_extend: false,
    amount: 4,
    unit: "business_hours",
    regime: "Compromissos da empresa",
    norm: "",
    evidence: "own",
    checked_by: "",
    checked_on: "",
    pauses: [],
    explanation: [
      {
        from: "2026-11-19T19:00:00Z",
        to: "2026-11-19T21:00:00Z",
        counted: true,
        reason: "",
        name: "",
        amount: 7200,
      },
      {
        from: "2026-11-20T03:00:00Z",
        to: "2026-11-21T03:00:00Z",
        counted: false,
        reason: "holiday",
        name: "consciencia_negra",
        amount: 0,
      },
      {
        from: "2026-11-21T03:00:00Z",
        to: "2026-11-23T03:00:00Z",
        counted: false,
        reason: "weekend",
        name: "",
        amount: 0,
      },
      {
        from: "2026-11-23T11:00:00Z",
        to: "2026-11-23T13:00:00Z",
        counted: true,
        reason: "",
        name: "",
        amount: 7200,
      },
    ],
  };
}
