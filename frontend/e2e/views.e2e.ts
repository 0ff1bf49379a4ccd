import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { components } from "../src/api/schema";
import {
  admin,
  callAs,
  expectAccessible,
  launch,
  logIn,
  makeAccount,
  openTicket,
  openWindow,
  picture,
} from "./browser";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => browser.close());

type Incident = components["schemas"]["Incident"];

const rows = (page: Page) => page.locator("[data-row]");

test("a saved view counts live in every window, and a bulk shows its effect, is done and taken back", async () => {
  const mark = `lote${Date.now() % 1_000_000}`;
  const subjects = [1, 2, 3].map((n) => `Cadeira sem parafuso ${n} ${mark}`);
  for (const subject of subjects) {
    await openTicket({
      name: "Rosa Lima",
      email: `rosa.${mark}@example.test`,
      kind: "reclamacao",
      subject,
      body: "Falta um parafuso na embalagem.",
    });
  }
  const first = await (await openWindow(browser)).newPage();
  const second = await (await openWindow(browser, { colorScheme: "dark" })).newPage();
  await logIn(first, admin, `/fila?view=all&q=${mark}`);
  await logIn(second, admin, "/fila?view=all");

  // A view of one's own: tickets with this tag.
  await first.getByRole("button", { name: "Nova visão" }).click();
  const dialog = first.getByRole("dialog", { name: "Nova visão" });
  await dialog.getByLabel("Nome").fill(`Parafusos ${mark}`);
  await dialog.getByLabel("Campo").selectOption("tag");
  await dialog.getByLabel("Acrescentar…").fill(mark);
  await dialog.getByLabel("Acrescentar…").press("Enter");
  await dialog.getByRole("button", { name: "Grupo" }).click();
  await expectAccessible(first, "a view is put together");
  await picture(first, "visao-nova");
  await dialog.getByRole("button", { name: "Tirar o grupo" }).click();
  await dialog.getByRole("button", { name: "Salvar visão" }).click();
  const counter = (page: Page) => page.getByRole("link", { name: new RegExp(`Parafusos ${mark}`) });
  await first.getByText("Nada nesta visão agora.").waitFor();
  await expect.poll(() => counter(first).innerText()).toContain("0");

  // Another, for words of the subject, however they are written: its counter is live in both.
  await first.getByRole("button", { name: "Nova visão" }).click();
  await dialog.getByLabel("Nome").fill(`Assunto ${mark}`);
  await dialog.getByLabel("Campo").selectOption("subject");
  await dialog.getByLabel("Comparação").selectOption({ label: "contém" });
  await dialog.getByLabel("Palavra ou trecho…").fill(`PARAFÚSO 3 ${mark}`);
  await expectAccessible(first, "words of a subject");
  await picture(first, "visao-assunto");
  await dialog.getByRole("button", { name: "Salvar visão" }).click(); // what was typed counts without Enter
  const worded = (page: Page) => page.getByRole("link", { name: new RegExp(`Assunto ${mark}`) });
  await expect.poll(() => rows(first).count()).toBe(1);
  const call = await callAs(admin);
  const { items } = await call<{ items: { id: number; version: number; subject: string }[] }>(
    `/api/tickets?view=all&q=${mark}`,
  );
  await second.reload();
  await expect.poll(() => worded(second).innerText()).toContain("1");
  const other = items.find((row) => row.subject === subjects[0])!;
  const subject = `Parafuso 3 ${mark}, outro caso`;
  await call(`/api/tickets/${other.id}`, { version: other.version, subject }, "PATCH");
  await expect.poll(() => rows(first).count(), { timeout: 15_000 }).toBe(2);
  for (const page of [first, second])
    await expect.poll(() => worded(page).innerText(), { timeout: 15_000 }).toContain("2");

  // Three are chosen by keys, the effect is shown, and only then it is done.
  await first.goto(`/fila?view=all&q=${mark}`);
  await expect.poll(() => rows(first).count()).toBe(3);
  await rows(first).first().focus();
  await first.keyboard.press("Control+a");
  await first.getByText("3 selecionados").waitFor();
  await first.keyboard.press("x");
  await first.getByText("2 selecionados").waitFor();
  await first.getByRole("button", { name: "Alterar…" }).click();
  const change = first.getByRole("dialog");
  await change.getByLabel("O que mudar").selectOption("add_tags");
  await change.getByLabel("Para").fill(mark);
  await change.getByText("2 tickets mudam.").waitFor();
  await expectAccessible(first, "the effect of a bulk");
  await picture(first, "lote-efeito");
  await change.getByRole("button", { name: "Mudar 2 tickets" }).click();
  await first
    .getByText(/2 tickets mudaram/)
    .first()
    .waitFor();
  await expect.poll(() => counter(first).innerText(), { timeout: 15_000 }).toContain("2");

  // The other window hears of the view's tickets, and of their going.
  await second.goto("/fila?view=all");
  await counter(second).click();
  await expect.poll(() => rows(second).count()).toBe(2);
  await picture(second, "visao-salva-escuro");
  await first.getByRole("button", { name: "Desfazer" }).first().click(); // before it goes
  await first
    .getByText(/2 tickets voltaram ao que eram/)
    .first()
    .waitFor();
  await expect.poll(() => counter(second).innerText(), { timeout: 15_000 }).toContain("0");

  // One row of a search is chosen, then all that it finds: shown, done and taken back.
  await rows(first).first().focus();
  await first.keyboard.press("x");
  await first.getByRole("button", { name: "Selecionar todos os 3 encontrados" }).click();
  await first.getByText("3 selecionados").waitFor();
  await first.getByRole("button", { name: "Alterar…" }).click();
  await change.getByLabel("O que mudar").selectOption("priority");
  await change.getByLabel("Para").selectOption("1");
  await change.getByText("3 tickets mudam.").waitFor();
  await change.getByRole("button", { name: "Mudar 3 tickets" }).click();
  await first
    .getByText(/3 tickets mudaram/)
    .first()
    .waitFor();
  await first.getByRole("button", { name: "Desfazer" }).last().click();
  await first
    .getByText(/3 tickets voltaram ao que eram/)
    .first()
    .waitFor();
  await second.mouse.move(900, 5);
  await second.getByText("Nada nesta visão agora.").waitFor();
  await expectAccessible(second, "a saved view, dark");
}, 180_000);

test("many tickets join an incident at once, and resolving many tells what areas still owe", async () => {
  const mark = `queda${Date.now() % 1_000_000}`;
  for (const n of [1, 2]) {
    await openTicket({
      name: "Rosa Lima",
      email: `rosa.${mark}@example.test`,
      kind: "reclamacao",
      subject: `Site fora do ar ${n} ${mark}`,
      body: "A página não abre.",
    });
  }
  const desk = await (await openWindow(browser)).newPage();
  await logIn(desk, admin, `/fila?view=all&q=${mark}`);
  const call = await callAs(admin);
  const fallen = await call<Incident>("/api/incidents", { title: `Queda ${mark}` });
  await expect.poll(() => rows(desk).count()).toBe(2);
  const choose = async () => {
    await rows(desk).first().focus();
    await desk.keyboard.press("Control+a");
    await desk.getByText("2 selecionados").waitFor();
    await desk.getByRole("button", { name: "Alterar…" }).click();
  };
  await choose();
  const change = desk.getByRole("dialog");
  await change.getByLabel("O que mudar").selectOption("incident");
  await change.getByLabel("Para").selectOption({ label: `Queda ${mark}` });
  await change.getByText("2 tickets mudam.").waitFor();
  await expectAccessible(desk, "many tickets join an incident");
  await picture(desk, "lote-incidente");
  await change.getByRole("button", { name: "Mudar 2 tickets" }).click();
  const marked = desk.getByText("incidente", { exact: true });
  await expect.poll(() => marked.count()).toBe(2);
  await desk.getByRole("button", { name: "Desfazer" }).first().click();
  await desk
    .getByText(/2 tickets voltaram ao que eram/)
    .first()
    .waitFor();
  await expect.poll(() => marked.count()).toBe(0);
  // Over, so that no other story meets it.
  const { title, inside, outside, brand_id, team_id, channel, reason_id, started_at, news_by } = fallen;
  await call(
    `/api/incidents/${fallen.id}`,
    {
      ...{ title, inside, outside, brand_id, team_id, channel, reason_id, started_at, news_by },
      ...{ version: fallen.version, state: "closed" },
    },
    "PUT",
  );

  const area = await call("/api/areas", {
    name: `Rede ${mark}`,
    emails: [`rede.${mark}@aroeira.example`],
    amount: 2,
    unit: "business_days",
  });
  const { items } = await call<{ items: { id: number }[] }>(`/api/tickets?view=all&q=${mark}`);
  await call(`/api/tickets/${items[0]!.id}/requests`, { area_id: area.id, body: "Voltou?" });
  await choose();
  await change.getByLabel("O que mudar").selectOption("status");
  await change.getByLabel("Para").selectOption("resolved");
  await change.getByText(/1 deles ainda espera resposta de áreas/).waitFor();
  await expectAccessible(desk, "resolving many with a request open");
  await picture(desk, "lote-areas");
  await desk.emulateMedia({ colorScheme: "dark" });
  await expectAccessible(desk, "resolving many with a request open, dark");
  await picture(desk, "lote-areas-escuro");
}, 180_000);

test("a colleague is named in a note by typing, hears of it once and goes there; a list is narrowed to what is one's own", async () => {
  const stamp = Date.now() % 1_000_000;
  const colleague = {
    name: `Iara Nóbrega ${stamp}`,
    email: `iara.${stamp}@example.test`,
    password: "mais uma frase bem comprida",
  };
  const subject = `Torneira pingando ${stamp}`;
  const { protocol } = await openTicket({
    name: "Rosa Lima",
    email: `rosa.${stamp}@example.test`,
    kind: "reclamacao",
    subject,
    body: "A torneira nova pinga o dia inteiro.",
  });
  const first = await (await openWindow(browser)).newPage();
  await makeAccount(colleague);
  await logIn(first, admin);
  const second = await (await openWindow(browser, { colorScheme: "dark" })).newPage();
  await logIn(second, colleague, "/fila?view=all");

  await first.goto(`/fila?view=all&t=${protocol}`);
  await first.getByRole("heading", { name: subject }).waitFor();
  await first.keyboard.press("n");
  await first.keyboard.type("Você conhece esta peça? @iara");
  const choice = first.getByRole("option", { name: new RegExp(colleague.name) });
  await choice.waitFor();
  await expectAccessible(first, "a name is completed");
  await picture(first, "mencao-nome");
  await first.keyboard.press("Enter");
  await first.keyboard.press("Control+Enter");

  const way = second.getByRole("link", { name: "Ver o ticket" });
  await way.waitFor();
  await expect.poll(() => second.getByRole("link", { name: /Menções/ }).innerText()).toContain("1");
  await expectAccessible(second, "named in a note, dark");
  await picture(second, "mencao-aviso-escuro");
  await way.click();
  await second.getByRole("heading", { name: subject }).waitFor();
  await second.getByText(`@${colleague.name}`).first().waitFor();
  await second.getByRole("link", { name: /Menções 1/ }).waitFor({ state: "detached" }); // seen

  // Everything open is more than what is mine.
  await second.goto("/fila?view=all");
  await expect.poll(() => rows(second).count()).toBeGreaterThan(0);
  await second.getByRole("button", { name: "Só os meus" }).click();
  await second.getByText("Nada seu nesta lista.").waitFor();
  await expectAccessible(second, "narrowed to one's own");
  await picture(second, "so-os-meus-escuro");
}, 180_000);
