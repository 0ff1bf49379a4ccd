import { act, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ApiError } from "../api/client";
import type { Frame } from "../api/frames";
import type { TicketRow } from "../api/types";
import { useAttachments } from "../features/ticket/attachments";
import { FakeDesk } from "../test/fakeDesk";
import { at, message, row, said } from "../test/samples";
import { App } from "./App";

const { upload } = vi.hoisted(() => ({ upload: vi.fn() }));
vi.mock("../api/upload", () => ({ upload }));

class FakeSocket {
  static readonly OPEN = 1;
  static last: FakeSocket | undefined;
  readyState = 1;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  constructor(readonly url: string) {
    FakeSocket.last = this;
  }
  send() {}
  close() {}
}

let desk: FakeDesk;

beforeEach(() => {
  desk = new FakeDesk();
  desk.put(
    row({ id: 1, customer_name: "Célia Moura", subject: "Entrega atrasada", next_due: at(10) }),
    row({ id: 2, customer_name: "João Reis", subject: "Cobrança dupla", next_due: at(20) }),
  );
  vi.stubGlobal("fetch", desk.fetch);
  vi.stubGlobal("WebSocket", FakeSocket);
});

afterEach(() => {
  useAttachments.setState({ files: {} });
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const tell = (...frames: Frame[]) =>
  act(() => FakeSocket.last!.onmessage?.({ data: JSON.stringify(frames) }));
const opened = (r: TicketRow): Frame => ({
  id: desk.position,
  kind: "ticket.opened",
  ticket_id: r.id,
  version: r.version,
  row: r,
});
const changed = (r: TicketRow, kind: "ticket.changed" | "ticket.message_in" = "ticket.changed"): Frame => ({
  id: desk.position,
  kind,
  ticket_id: r.id,
  version: r.version,
  row: r,
});

async function openDesk(path = "/fila?view=all") {
  history.pushState(null, "", path);
  const user = userEvent.setup();
  render(<App />);
  await screen.findAllByRole("listitem");
  await tell({ kind: "hello", id: desk.position });
  return user;
}

const queue = () => screen.findByRole("list", { name: "Tudo em aberto" });
const names = async () =>
  within(await queue())
    .getAllByRole("link")
    .map((a) => a.getAttribute("aria-label")?.split(",")[0]);

describe("the log-in", () => {
  test("asks who is there, says what is wrong in the server's words, and goes where one wanted to go", async () => {
    desk.user = null;
    history.pushState(null, "", "/fila?view=all");
    const user = userEvent.setup();
    render(<App />);
    await user.type(await screen.findByLabelText("E-mail"), "rosa@example.test");
    await user.type(screen.getByLabelText("Senha"), "errada");
    await user.click(screen.getByRole("button", { name: "Entrar" }));
    expect(await screen.findByText("E-mail ou senha não conferem.")).toBeVisible();
    await user.clear(screen.getByLabelText("Senha"));
    await user.type(screen.getByLabelText("Senha"), "correta");
    await user.click(screen.getByRole("button", { name: "Entrar" }));
    expect(await queue()).toBeVisible();
    expect(location.search).toContain("view=all");
  });
});

describe("the queue", () => {
  test("a new ticket appears by itself at the top of an idle list, in its place", async () => {
    await openDesk();
    await tell(opened(row({ id: 3, customer_name: "Nova Pessoa", next_due: at(15) })));
    await waitFor(async () => expect(await names()).toEqual(["Célia Moura", "Nova Pessoa", "João Reis"]));
  });

  test("under a pointer nothing moves: arrivals wait behind a pill that shows them", async () => {
    const user = await openDesk();
    await user.hover((await queue()).parentElement!);
    await tell(opened(row({ id: 3, customer_name: "Nova Pessoa", next_due: at(1) })));
    const pill = await screen.findByRole("button", { name: /1 novo/ });
    expect(await names()).toEqual(["Célia Moura", "João Reis"]);
    await user.click(pill);
    await waitFor(async () => expect((await names())[0]).toBe("Nova Pessoa"));
  });

  test("under a pointer whoever leaves the list keeps the place and says so", async () => {
    const user = await openDesk();
    await user.hover((await queue()).parentElement!);
    await tell(changed(desk.change(1, { status: "resolved" })));
    await waitFor(async () => expect(await names()).toEqual(["Célia Moura", "João Reis"]));
    expect(await screen.findByText("saiu desta lista")).toBeVisible();
  });

  test("is walked and opened by keys, and closed again", async () => {
    const user = await openDesk();
    await user.keyboard("jj");
    await waitFor(() => expect(document.activeElement).toHaveAccessibleName(/João Reis/));
    await user.keyboard("{Enter}");
    expect(await screen.findByRole("heading", { name: "Cobrança dupla" })).toBeVisible();
    await user.keyboard("{Escape}");
    await waitFor(() => expect(screen.queryByRole("heading", { name: "Cobrança dupla" })).toBeNull());
  });

  test("a stretch of rows is chosen with Shift, by click and by arrows, and grows and shrinks with them", async () => {
    desk.put(row({ id: 3, subject: "C", next_due: at(30) }), row({ id: 4, subject: "D", next_due: at(40) }));
    const user = await openDesk();
    const boxes = async () =>
      within(await queue())
        .getAllByRole("checkbox")
        .map((box) => (box as HTMLInputElement).checked);
    const links = within(await queue()).getAllByRole("link");
    await user.click(within(await queue()).getAllByRole("checkbox")[0]!);
    await user.keyboard("{Shift>}");
    await user.click(links[2]!);
    await waitFor(async () => expect(await boxes()).toEqual([true, true, true, false]));
    await user.click(links[1]!);
    await waitFor(async () => expect(await boxes()).toEqual([true, true, false, false]));
    await user.keyboard("{ArrowDown}");
    await waitFor(async () => expect(await boxes()).toEqual([true, true, true, false]));
    await user.keyboard("{ArrowUp}{/Shift}");
    await waitFor(async () => expect(await boxes()).toEqual([true, true, false, false]));
  });

  test("the next one is claimed by g p and opened", async () => {
    const user = await openDesk();
    await user.keyboard("gp");
    expect(await screen.findByRole("heading", { name: "Entrega atrasada" })).toBeVisible();
    expect(await screen.findByText("você está respondendo")).toBeVisible();
  });

  test("an empty list says what is true", async () => {
    desk.tickets.clear();
    await openDesk();
    expect(await screen.findByText("Nada em aberto.")).toBeVisible();
    expect(screen.getByText(/Fila limpa: nada vencido/)).toBeVisible();
  });
});

describe("a ticket", () => {
  const path = `/fila?view=all&t=${row({ id: 1 }).protocol}`;
  const answer = () => screen.findByRole("textbox", { name: /Para Célia Moura/ });

  test("is answered by keys alone: r, text, Ctrl Enter", async () => {
    const user = await openDesk(path);
    await answer();
    await user.keyboard("r");
    await user.keyboard("Chega amanhã.");
    await user.keyboard("{Control>}{Enter}{/Control}");
    expect(await screen.findByText("Chega amanhã.", { selector: "p" })).toBeVisible();
    await waitFor(async () => expect(await answer()).toHaveValue(""));
    const sent = desk.calls.find((c) => c.path.endsWith("/replies"));
    expect(sent?.body).toMatchObject({ body: "Chega amanhã.", seen_version: 1, fence: 1 });
  });

  test("the first keystroke takes a free ticket", async () => {
    const user = await openDesk(path);
    await user.type(await answer(), "O");
    await waitFor(() => expect(desk.calls.some((c) => c.path === "/api/tickets/1/claim")).toBe(true));
  });

  test("somebody writes meanwhile: their message is shown, the text stays, and sending says that it was seen", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const user = await openDesk(path);
    await user.type(await answer(), "Minha resposta");
    const news = message({ body: "Já chegou, obrigada!", version: 9, at: at(0) });
    desk.timelines.get(1)!.push(said(news));
    await tell(changed(desk.change(1, { public_version: 9 }), "ticket.message_in"));
    expect(await screen.findByText(/escreveu enquanto você respondia/)).toBeVisible();
    expect(await screen.findByText("Já chegou, obrigada!", { selector: "blockquote" })).toBeVisible();
    expect(await answer()).toHaveValue("Minha resposta");
    const send = screen.getByRole("button", { name: /Revisar e enviar/ });
    // Pressed in the same moment it would not have been read: nothing is sent yet.
    await user.click(send);
    expect(desk.calls.some((c) => c.path.endsWith("/replies"))).toBe(false);
    vi.setSystemTime(Date.now() + 1000);
    await user.click(send);
    await waitFor(() =>
      expect(desk.calls.find((c) => c.path.endsWith("/replies"))?.body).toMatchObject({ seen_version: 9 }),
    );
  });

  test("a file goes with the reply, and the reply waits for it", async () => {
    let arrive = (_: unknown) => {};
    upload.mockImplementation((_file: File, onProgress: (share: number) => void) => {
      onProgress(0.4);
      return new Promise((done) => {
        arrive = done;
      });
    });
    const user = await openDesk(path);
    await user.type(await answer(), "Segue em anexo.");
    await user.upload(
      document.querySelector<HTMLInputElement>("input[type=file]")!,
      new File(["nota"], "nota.pdf"),
    );
    expect(await screen.findByRole("progressbar", { name: "Enviando nota.pdf" })).toHaveValue(0.4);
    await user.keyboard("{Control>}{Enter}{/Control}");
    expect(screen.getByText(/a resposta espera por ele/)).toBeVisible();
    expect(desk.calls.some((c) => c.path.endsWith("/replies"))).toBe(false);
    await act(() => arrive({ id: "u1", name: "nota.pdf", size: 4, mime: "application/pdf" }));
    await user.click(await screen.findByRole("button", { name: /^Enviar$/ }));
    await waitFor(() =>
      expect(desk.calls.find((c) => c.path.endsWith("/replies"))?.body).toMatchObject({ files: ["u1"] }),
    );
    await waitFor(() => expect(screen.queryByRole("list", { name: "Arquivos desta resposta" })).toBeNull());
  });

  test("a file that is refused says why under its name, and the text stays", async () => {
    upload.mockRejectedValue(
      new ApiError(422, {
        type: "",
        title: "",
        status: 422,
        detail: "Um dos arquivos não pode ser aceito.",
        code: "files_refused",
        errors: [{ field: "body.files[0]", code: "file_empty", detail: "Este arquivo está vazio." }],
      }),
    );
    const user = await openDesk(path);
    await user.type(await answer(), "Minha resposta");
    await user.upload(
      document.querySelector<HTMLInputElement>("input[type=file]")!,
      new File([], "vazio.txt"),
    );
    const list = await screen.findByRole("list", { name: "Arquivos desta resposta" });
    expect(await within(list).findByText("Este arquivo está vazio.")).toBeVisible();
    expect(await answer()).toHaveValue("Minha resposta");
    await user.click(within(list).getByRole("button", { name: "Remover vazio.txt" }));
    expect(screen.getByRole("button", { name: /^Enviar$/ })).toBeEnabled();
  });

  test("a reply that speaks of a file and has none asks once", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const user = await openDesk(path);
    await user.type(await answer(), "Segue em anexo a nota.");
    await user.keyboard("{Control>}{Enter}{/Control}");
    expect(await screen.findByText("A resposta fala de um anexo, mas não há arquivo.")).toBeVisible();
    expect(desk.calls.some((c) => c.path.endsWith("/replies"))).toBe(false);
    vi.setSystemTime(Date.now() + 1000);
    await user.click(screen.getByRole("button", { name: "Enviar assim mesmo" }));
    await waitFor(() => expect(desk.calls.some((c) => c.path.endsWith("/replies"))).toBe(true));
  });

  test("a lost lease is said and the text stays", async () => {
    const { refuse } = await import("../test/fakeDesk");
    desk.overrides.set("POST /api/tickets/1/replies", () => refuse(409, "lease_lost"));
    const user = await openDesk(path);
    await user.type(await answer(), "Minha resposta");
    await user.keyboard("{Control>}{Enter}{/Control}");
    expect(await screen.findByText("Sua vez de responder expirou.")).toBeVisible();
    expect(await answer()).toHaveValue("Minha resposta");
  });

  test("a server that is away leaves the text, and repeating sends the same key", async () => {
    let fails = true;
    const user = await openDesk(path);
    await user.type(await answer(), "Minha resposta");
    const keys: (string | null)[] = [];
    vi.stubGlobal("fetch", async (request: Request) => {
      if (request.url.endsWith("/replies")) {
        keys.push(request.headers.get("Idempotency-Key"));
        if (fails) throw new TypeError("network");
      }
      return desk.fetch(request);
    });
    await user.keyboard("{Control>}{Enter}{/Control}");
    expect(await screen.findByText(/Sem contato com o servidor/)).toBeVisible();
    expect(await answer()).toHaveValue("Minha resposta");
    fails = false;
    await user.keyboard("{Control>}{Enter}{/Control}");
    await waitFor(async () => expect(await answer()).toHaveValue(""));
    expect(keys).toHaveLength(2);
    expect(keys[0]).toBe(keys[1]);
  });

  test("reply and note are two drafts", async () => {
    const user = await openDesk(path);
    await user.type(await answer(), "Ao cliente");
    await user.keyboard("{Escape}n");
    const note = await screen.findByRole("textbox", { name: "Só a equipe vê esta nota" });
    expect(note).toHaveValue("");
    await user.type(note, "Só nós");
    await user.keyboard("{Escape}r");
    expect(await answer()).toHaveValue("Ao cliente");
  });

  test("a note completes the name of a colleague by keys, and tells a screen reader which one", async () => {
    const user = await openDesk(`/fila?view=all&t=${row({ id: 1 }).protocol}`);
    await screen.findByRole("heading", { name: "Entrega atrasada" });
    await user.keyboard("n");
    const note = await screen.findByRole("textbox", { name: /nota/i });
    await user.type(note, "veja @da");
    const choice = await screen.findByRole("option", { name: /Davi Prado/ });
    expect(note).toHaveAttribute("aria-activedescendant", choice.id);
    expect(screen.queryByRole("option", { name: /Nina Sato/ })).toBeNull(); // of another team
    await user.keyboard("{Enter}");
    expect(note).toHaveValue("veja @Davi Prado ");
    expect(note).toHaveFocus();
    expect(screen.queryByRole("listbox")).toBeNull();
    await user.type(note, "@d{Escape}");
    expect(screen.queryByRole("listbox")).toBeNull();
    expect(note).toHaveFocus();
  });

  test("whoever is named in a note is told once of each ticket, with the way there", async () => {
    const user = await openDesk();
    const noted = (values: Partial<TicketRow>, mentions: number[]) => {
      const now = desk.change(2, values);
      return { ...changed(now), kind: "ticket.noted", data: { mentions } } as Frame;
    };
    await tell(noted({}, [8])); // somebody else
    await tell(noted({ mentioned: [7] }, [7]));
    await tell(noted({}, [7, 8]));
    const told = await screen.findAllByText("Mencionaram você em “Cobrança dupla”");
    expect(told).toHaveLength(1);
    await user.click(screen.getByRole("link", { name: "Ver o ticket" }));
    expect(await screen.findByRole("heading", { name: "Cobrança dupla" })).toBeVisible();
    expect(screen.queryByText("Mencionaram você em “Cobrança dupla”")).toBeNull();
    await tell(noted({}, [7]));
    expect(screen.queryByText("Mencionaram você em “Cobrança dupla”")).toBeNull(); // it is open
  });

  test("a rival who was faster is named", async () => {
    const { refuse } = await import("../test/fakeDesk");
    desk.overrides.set("POST /api/tickets/1/claim", () =>
      refuse(409, "already_claimed", { holder: { id: 8, name: "Davi Prado", until: null } }),
    );
    const user = await openDesk(path);
    await answer();
    await user.keyboard("a");
    expect(await screen.findByText(/Davi Prado assumiu antes/)).toBeVisible();
  });

  test("that went out of sight says so, and nothing about where it went", async () => {
    await openDesk(path);
    await answer();
    await tell({ kind: "gone", ticket_id: 1, id: desk.position });
    expect(await screen.findByText("Este ticket saiu do seu alcance.")).toBeVisible();
  });
});

test("a session that ends leads to the log-in, and the draft is still there afterwards", async () => {
  const user = await openDesk(`/fila?view=all&t=${row({ id: 1 }).protocol}`);
  await user.type(await screen.findByRole("textbox", { name: /Para Célia Moura/ }), "Não me perca");
  desk.user = null;
  await user.keyboard("{Control>}{Enter}{/Control}");
  expect(await screen.findByText(/Sua sessão terminou/)).toBeVisible();
  await user.type(screen.getByLabelText("E-mail"), "rosa@example.test");
  await user.type(screen.getByLabelText("Senha"), "correta");
  await user.click(screen.getByRole("button", { name: "Entrar" }));
  expect(await screen.findByRole("textbox", { name: /Para Célia Moura/ })).toHaveValue("Não me perca");
});
