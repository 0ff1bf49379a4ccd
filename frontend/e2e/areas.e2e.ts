import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { admin, expectAccessible, launch, logIn, openTicket, openWindow, picture } from "./browser";
import { openPostbox, type Postbox } from "./postbox";
import { type Server, serve } from "./server";

// A server of its own: only here does mail go out, and what went out is read.

const area = "Cobrança";
const address = "cobranca@aroeira.example";
const subject = "Fatura em dobro";
const question = "O lote de novembro saiu em dobro? Diga o dia do estorno.";
const answer = "Saiu, sim. O estorno entra na quinta-feira, 26.";

let browser: Browser;
let postbox: Postbox;
let server: Server;
beforeAll(async () => {
  [browser, postbox] = await Promise.all([launch(), openPostbox()]);
  server = await serve({
    ESCUTA_ADMIN_EMAIL: admin.email,
    ESCUTA_ADMIN_PASSWORD: admin.password,
    ESCUTA_SMTP_RELAY: `smtp://${postbox.at}?tls=none`,
  });
});
afterAll(async () => {
  await browser.close();
  await server.stop();
  await postbox.close();
});

const windowOf = async (options = {}) =>
  (await openWindow(browser, { baseURL: server.url, ...options })).newPage();

const pdf = (name: string) => ({
  name,
  mimeType: "application/pdf",
  buffer: Buffer.from("%PDF-1.4\n% de um teste\n"),
});

const customer = (subject: string) =>
  openTicket(
    {
      name: "Rita Nogueira",
      email: `rita.${Date.now()}@example.test`,
      kind: "reclamacao",
      subject,
      body: "A fatura de novembro veio em dobro.",
    },
    server.url,
  );

/** The link in the mail that the area was sent. */
async function link(words: string): Promise<string> {
  const found = () => /\S+\/pedido\/[^/\s]+\?\S+/.exec(postbox.newest(address, words) ?? "")?.[0];
  await expect.poll(found, { timeout: 30_000 }).toBeDefined();
  return found()!;
}

test("an area is asked without being told who the customer is, and answers by its link", async () => {
  const boss = await windowOf({ reducedMotion: "reduce" });
  await logIn(boss, admin, "/ajustes/areas");
  await boss.getByText("Nenhuma área").waitFor();
  await expectAccessible(boss, "no areas");
  await picture(boss, "areas-ajustes-nenhuma");
  await boss.getByRole("button", { name: "Nova área" }).click();
  await boss.getByLabel("Nome").fill(area);
  await boss.getByRole("button", { name: "Salvar" }).click();
  await boss.getByText(/ninguém recebe o pedido/).waitFor();
  await expectAccessible(boss, "an area that nobody answers for");
  await picture(boss, "areas-ajustes-ninguem");
  await boss.getByLabel("E-mails").fill(`${address}\nfaturas@aroeira.example`);
  await boss.getByRole("button", { name: "Salvar" }).click();
  await boss.getByText(`${area}: gravado`).waitFor();
  await boss.getByRole("button", { name: `Alterar ${area}` }).click();
  await boss.getByLabel("E-mails").fill(address);
  await boss.getByLabel("Lembrar antes do prazo").selectOption("50");
  await boss.getByText(/^Um pedido feito agora vence/).waitFor();
  const usual = (await boss.getByText(/^Um pedido feito agora vence/).textContent()) ?? "";
  await boss.getByLabel("Quanto tempo tem").fill("5");
  await expect.poll(() => boss.getByText(/^Um pedido feito agora vence/).textContent()).not.toBe(usual);
  await boss.getByLabel("Quanto tempo tem").fill("2");
  await boss.getByText(usual).waitFor();
  await boss.emulateMedia({ colorScheme: "dark" });
  await expectAccessible(boss, "an area");
  await picture(boss, "areas-ajustes-area-escuro");
  await boss.emulateMedia({ colorScheme: "light" });
  await picture(boss, "areas-ajustes-area");
  await boss.getByRole("button", { name: "Salvar" }).click();
  await boss.getByText(address, { exact: true }).waitFor();
  await expectAccessible(boss, "the areas");

  const { protocol } = await customer(subject);
  const desk = await windowOf();
  await logIn(desk, admin, `/fila?view=all&t=${protocol}`);
  await desk.getByRole("heading", { name: subject }).waitFor();

  // Asked by one key.
  await desk.keyboard.press("q");
  const dialog = desk.getByRole("dialog", { name: "Pedir a uma área" });
  await dialog.getByLabel("O que você precisa saber").fill(`A cliente Rita Nogueira reclama. ${question}`);
  await dialog.getByLabel("Esconder quem é o cliente").check();
  await expectAccessible(desk, "asking an area");
  await picture(desk, "areas-pedir");

  // What would tell who the customer is does not go out.
  await dialog.getByRole("button", { name: "Enviar pedido" }).click();
  await dialog.getByText(/sem identificar ninguém/).waitFor();
  await expectAccessible(desk, "a question that tells who the customer is");
  await picture(desk, "areas-pedir-revela");
  await dialog.getByLabel("O que você precisa saber").fill(question);
  await dialog.getByRole("button", { name: "Enviar pedido" }).click();
  await desk.getByText(`Pedido enviado à área ${area}`).waitFor();

  // Whose turn it is stands in the row, in the head and over the timeline.
  const strip = desk.getByRole("region", { name: "Pedidos a áreas" });
  await strip.getByText(/^até /).waitFor();
  await strip.getByText("cliente não identificado").waitFor();
  await desk.getByRole("listitem").getByText(`com ${area}`).waitFor();
  await desk.locator("header").getByText(`com ${area}`).waitFor();
  await desk.getByText(/pediu à área/).waitFor();
  await expectAccessible(desk, "an area's turn");
  await picture(desk, "areas-vez-da-area");
  const dark = await windowOf({ colorScheme: "dark" });
  await logIn(dark, admin, `/fila?view=all&t=${protocol}`);
  await dark.getByRole("region", { name: "Pedidos a áreas" }).getByText(question).waitFor();
  await expectAccessible(dark, "an area's turn, dark");
  await picture(dark, "areas-vez-da-area-escuro");

  // The area: no account, a link, and nothing of the customer.
  const mailed = postbox.newest(address, question) ?? "";
  for (const secret of ["Rita", protocol, subject]) expect(mailed).not.toContain(secret);
  const clerk = await windowOf({ colorScheme: "dark" });
  await clerk.goto(await link(question));
  await clerk.getByText(question).waitFor();
  expect(new URL(clerk.url()).search).toBe("");
  const shown = await clerk.content();
  for (const secret of ["Rita", protocol, subject]) expect(shown).not.toContain(secret);
  await expectAccessible(clerk, "what an area is asked");
  await picture(clerk, "areas-pagina-escuro");
  await clerk.getByRole("button", { name: "Enviar resposta" }).click();
  await clerk.getByRole("alert").waitFor();
  await expectAccessible(clerk, "an answer that is missing");
  await picture(clerk, "areas-pagina-erro-escuro");
  await clerk.getByLabel("Seu nome").fill("Bruno Sales");
  await clerk.getByLabel("Resposta", { exact: true }).fill(answer);
  await clerk.getByLabel(/^Arquivos/).setInputFiles(pdf("extrato.pdf"));
  await clerk.emulateMedia({ colorScheme: "light" });
  await picture(clerk, "areas-pagina");
  await clerk.getByRole("button", { name: "Enviar resposta" }).click();
  await clerk.getByText("Resposta enviada. Obrigado.").waitFor();
  await clerk.getByText("extrato.pdf").waitFor();
  await expectAccessible(clerk, "an answer that was sent");
  await picture(clerk, "areas-pagina-enviada");

  // It is there without a reload, and it is our turn again.
  for (const page of [desk, dark]) {
    const said = page.getByRole("region", { name: "Pedidos a áreas" });
    await said.getByText(answer).waitFor();
    await said.getByText("respondido", { exact: true }).waitFor();
    await page.locator("header").getByText("área respondeu").waitFor();
    await page.getByRole("listitem").getByText("área respondeu").waitFor();
    expect(await page.getByText(`com ${area}`).count()).toBe(0);
    expect(await page.getByText(answer).count()).toBe(1);
  }
  // The line of time leads to where the answer stands, and its file opens for who sees the ticket.
  const said = desk.getByRole("region", { name: "Pedidos a áreas" });
  await said.locator("summary").click();
  await desk.getByRole("button", { name: "ver a resposta" }).click();
  await said.getByText(answer).waitFor();
  const file = (await said.getByRole("link", { name: /extrato\.pdf/ }).getAttribute("href"))!;
  expect((await desk.request.get(file)).status()).toBe(200);
  expect((await clerk.request.get(file)).status()).toBe(404);
  const turns = desk.getByRole("region", { name: "Para onde foi o tempo" });
  await turns.getByRole("rowheader", { name: area }).waitFor();
  await turns.getByRole("rowheader", { name: "Nós" }).waitFor();
  await expectAccessible(desk, "an area's answer");
  await picture(desk, "areas-respondida");
  await expectAccessible(dark, "an area's answer, dark");
  await picture(dark, "areas-respondida-escuro");
}, 180_000);

test("who is of an area's team answers in the desk, and an area that is off is asked no more", async () => {
  const team = "Logística";
  const clerk = {
    name: "Ivo Sá",
    email: "ivo@example.test",
    password: "uma frase bem comprida mesmo",
  };
  const boss = await windowOf();
  await logIn(boss, admin, "/ajustes/equipes");
  await boss.getByLabel("Nova equipe").fill(team);
  await boss.getByRole("button", { name: "Criar equipe" }).click();
  await boss.getByText(team).waitFor();
  await boss.goto("/ajustes/pessoas");
  await boss.getByRole("button", { name: "Nova conta" }).click();
  const account = boss.getByRole("dialog");
  await account.getByLabel("Nome").fill(clerk.name);
  await account.getByLabel("E-mail").fill(clerk.email);
  await account.getByLabel("Senha inicial").fill(clerk.password);
  await account.getByLabel(team).check();
  await account.getByRole("button", { name: "Criar conta" }).click();
  await boss.getByText(clerk.email).waitFor();
  await boss.goto("/ajustes/areas");
  await boss.getByRole("button", { name: "Nova área" }).click();
  await boss.getByLabel("Nome").fill("Entregas");
  await boss.getByLabel("Equipe que responde no sistema").selectOption({ label: team });
  await boss.getByLabel("Quanto tempo tem").fill("4");
  await boss.getByLabel("Em", { exact: true }).selectOption("business_hours");
  await boss.getByRole("button", { name: "Salvar" }).click();
  await boss.getByText("prazo de 4 horas úteis").waitFor();
  await picture(boss, "areas-ajustes");

  // Who answers has the page open when it is asked: it comes by itself.
  const desk = await windowOf({ colorScheme: "dark" });
  await logIn(desk, clerk, "/areas");
  await desk.getByText("Nenhum pedido para as suas equipes").waitFor();

  const { protocol } = await customer("Entrega atrasada");
  await boss.goto(`/fila?view=all&t=${protocol}`);
  await boss.getByRole("heading", { name: "Entrega atrasada" }).waitFor();
  await boss.keyboard.press("q");
  const dialog = boss.getByRole("dialog", { name: "Pedir a uma área" });
  await dialog.getByLabel("Área", { exact: true }).selectOption({ label: "Entregas" });
  await dialog.getByLabel("O que você precisa saber").fill("Onde está o pedido 4411?");
  await dialog.getByRole("button", { name: "Enviar pedido" }).click();
  await boss.getByRole("region", { name: "Pedidos a áreas" }).getByText("Onde está o pedido 4411?").waitFor();

  await desk.getByText("Onde está o pedido 4411?").waitFor({ timeout: 10_000 });
  await desk.getByText(`Rita Nogueira · ${protocol}`).waitFor();
  await expectAccessible(desk, "what a team is asked");
  await picture(desk, "areas-equipe-escuro");
  await desk.getByLabel("Resposta da área").fill("Na transportadora, chega na terça.");
  await desk.getByLabel("Arquivos (opcional)").setInputFiles(pdf("canhoto.pdf"));
  await desk.getByRole("button", { name: "Responder" }).click();
  await desk.getByText(/Enviados: canhoto\.pdf/).waitFor();
  const strip = boss.getByRole("region", { name: "Pedidos a áreas" });
  await strip.getByText("Na transportadora, chega na terça.").waitFor();
  await strip.getByText(`${clerk.name}, pelo sistema`).waitFor();
  await strip.getByRole("link", { name: /canhoto\.pdf/ }).waitFor();

  await boss.goto("/ajustes/areas");
  await boss.getByRole("button", { name: "Alterar Entregas" }).click();
  await boss.getByLabel("Recebe pedidos").uncheck();
  await boss.getByRole("button", { name: "Salvar" }).click();
  await boss.getByText("Não recebe pedidos").waitFor();
  await expectAccessible(boss, "an area that is off");
  await picture(boss, "areas-ajustes-desligada");
  await boss.goto(`/fila?view=all&t=${protocol}`);
  await boss.getByRole("heading", { name: "Entrega atrasada" }).waitFor();
  await boss.keyboard.press("q");
  await dialog.getByLabel("Área", { exact: true }).waitFor();
  expect(await dialog.getByText("Entregas").count()).toBe(0);
}, 180_000);

/** Asks the area of the first story what a ticket that is open needs to know. */
async function ask(desk: Page, words: string): Promise<void> {
  await desk.keyboard.press("q");
  const dialog = desk.getByRole("dialog", { name: "Pedir a uma área" });
  await dialog.getByLabel("Área", { exact: true }).selectOption({ label: area });
  await dialog.getByLabel("O que você precisa saber").fill(words);
  await dialog.getByRole("button", { name: "Enviar pedido" }).click();
  await dialog.waitFor({ state: "detached" });
}

test("a request gets more time, is settled and is taken back, and who resolves is told what is owed", async () => {
  const desk = await windowOf({ reducedMotion: "reduce" });
  const { protocol } = await customer("Juros que não reconheço");
  await logIn(desk, admin, `/fila?view=all&t=${protocol}`);
  await desk.getByRole("heading", { name: "Juros que não reconheço" }).waitFor();
  await ask(desk, "De onde vêm os juros?");
  await ask(desk, "Houve acordo em outubro?");
  const strip = desk.getByRole("region", { name: "Pedidos a áreas" });
  const one = (words: string) => strip.getByRole("listitem").filter({ hasText: words });
  await one("Houve acordo").waitFor();

  // More time: the area is told the new date.
  const due = () => one("De onde vêm").getByText(/^até /).textContent();
  const before = await due();
  await one("De onde vêm").getByRole("button", { name: "Dar mais 1 dia útil" }).click();
  await expect.poll(due).not.toBe(before);
  await expect.poll(() => postbox.newest(address, "ganhou mais prazo"), { timeout: 30_000 }).toBeDefined();

  // Settled by what was said another way.
  await one("Houve acordo").getByRole("button", { name: "Encerrar" }).click();
  await desk.getByLabel("O que a área disse, e como").fill("Por telefone: não houve.");
  await expectAccessible(desk, "settling a request");
  await picture(desk, "areas-encerrar");
  await one("Houve acordo").getByRole("button", { name: "Encerrar" }).click();
  await one("Por telefone: não houve.").getByText("encerrado").waitFor();

  // Resolving, by key and with an answer, asks first.
  await desk.keyboard.press("e");
  const owed = desk.getByRole("dialog", { name: "Antes de resolver" });
  await owed.getByText("De onde vêm os juros?").waitFor();
  expect(await owed.getByText("Houve acordo em outubro?").count()).toBe(0);
  await expectAccessible(desk, "what areas owe");
  await picture(desk, "areas-falta-resposta");
  await owed.getByRole("button", { name: "Voltar" }).click();
  await owed.waitFor({ state: "detached" });
  await desk.getByRole("button", { name: "Resolver" }).waitFor();
  await desk.keyboard.press("r");
  await desk
    .getByRole("textbox", { name: "Para Rita Nogueira" })
    .fill("Estamos conferindo os juros com a cobrança.");
  await desk.emulateMedia({ colorScheme: "dark" });
  await desk.getByRole("button", { name: "Enviar e resolver" }).click();
  await owed.getByRole("button", { name: "Responder sem resolver" }).waitFor();
  await expectAccessible(desk, "what areas owe, dark");
  await picture(desk, "areas-falta-resposta-escuro");
  await owed.getByRole("button", { name: "Responder sem resolver" }).click();
  await desk.locator("article").getByText("Estamos conferindo os juros com a cobrança.").waitFor();
  await one("De onde vêm").getByText(/^até /).waitFor();

  // Taken back: the area's page says so, in a window that was open.
  const clerk = await windowOf();
  await clerk.goto(await link("De onde vêm os juros?"));
  await clerk.getByLabel("Resposta", { exact: true }).fill("Do atraso de setembro.");
  await clerk.getByLabel("Seu nome").fill("Bruno Sales");
  await one("De onde vêm").getByRole("button", { name: "Retirar o pedido" }).click();
  await one("De onde vêm").getByText("retirado").waitFor();
  await clerk.getByRole("button", { name: "Enviar resposta" }).click();
  await clerk.getByText("Este pedido foi encerrado.").first().waitFor();
  await expectAccessible(clerk, "a request that was taken back");
  await picture(clerk, "areas-pagina-retirado");

  // Nobody owes anything: it is resolved at once.
  await desk.emulateMedia({ colorScheme: "light" });
  await desk.getByRole("button", { name: "Resolver" }).click();
  await desk.getByRole("button", { name: "Reabrir" }).waitFor();
  await picture(desk, "areas-resolvido");
}, 180_000);

test("an area is lent a file of a ticket without its name, and other admins see a new area at once", async () => {
  const boss = await windowOf({ reducedMotion: "reduce" });
  await logIn(boss, admin, "/ajustes/areas");
  await boss.getByText(area).first().waitFor();
  const other = await windowOf({ colorScheme: "dark" });
  await logIn(other, admin, "/ajustes/areas");
  await other.getByRole("button", { name: "Nova área" }).click();
  const calendars = await other.getByLabel("Calendário").locator("option").allInnerTexts();
  expect(calendars.length).toBeGreaterThanOrEqual(3);
  await other.getByLabel("Nome").fill("Logística");
  await other.getByLabel("E-mails").fill("logistica@aroeira.example");
  await expectAccessible(other, "an area with its calendar");
  await picture(other, "areas-calendarios-escuro");
  await other.getByRole("button", { name: "Salvar" }).click();
  await boss.getByText("logistica@aroeira.example").waitFor({ timeout: 10_000 });

  const sent = new FormData();
  const texts = { name: "Rita Nogueira", email: "rita.anexo@example.test", kind: "reclamacao" };
  for (const [name, value] of Object.entries(texts)) sent.set(name, value);
  sent.set("subject", "Parafuso quebrado");
  sent.set("body", "Segue a nota.");
  const { name, mimeType, buffer } = pdf("nota da Rita Nogueira.pdf");
  sent.set("files", new Blob([new Uint8Array(buffer)], { type: mimeType }), name);
  const opened = await fetch(`${server.url}/api/public/tickets`, {
    method: "POST",
    headers: { "idempotency-key": crypto.randomUUID() },
    body: sent,
  });
  expect(opened.status).toBe(201);
  const { protocol } = (await opened.json()) as { protocol: string };
  await boss.goto(`/fila?view=all&t=${protocol}`);
  await boss.getByRole("heading", { name: "Parafuso quebrado" }).waitFor();
  await boss.keyboard.press("q");
  const dialog = boss.getByRole("dialog", { name: "Pedir a uma área" });
  await dialog.getByLabel("Área", { exact: true }).selectOption({ label: area });
  await dialog.getByLabel("O que você precisa saber").fill("A nota confere com o lote?");
  await dialog.getByLabel("Esconder quem é o cliente").check();
  await dialog.getByLabel("nota da Rita Nogueira.pdf").check();
  const send = dialog.getByRole("button", { name: "Enviar pedido" });
  expect(await send.isDisabled()).toBe(true); // nobody has looked
  await expectAccessible(boss, "a file for an area");
  await picture(boss, "areas-pedir-arquivo");
  await boss.emulateMedia({ colorScheme: "dark" });
  await picture(boss, "areas-pedir-arquivo-escuro");
  await boss.emulateMedia({ colorScheme: "light" });
  await dialog.getByLabel("Abri cada um, e nenhum mostra quem é o cliente").check();
  await send.click();
  const strip = boss.getByRole("region", { name: "Pedidos a áreas" });
  await strip.getByRole("link", { name: /arquivo-1\.pdf/ }).waitFor();
  await picture(boss, "areas-arquivo-pedido");

  const clerk = await windowOf({ colorScheme: "dark" });
  await clerk.goto(await link("A nota confere"));
  const mailed = postbox.newest(address, "A nota confere") ?? "";
  expect(mailed).toContain("/arquivos/1?token=");
  for (const text of [mailed, await clerk.content()]) expect(text).not.toContain("Rita");
  const file = clerk.getByRole("link", { name: "arquivo-1.pdf" });
  const at = (await file.getAttribute("href"))!;
  expect((await clerk.request.get(at)).status()).toBe(200);
  await expectAccessible(clerk, "a file that an area is lent, dark");
  await picture(clerk, "areas-pagina-arquivo-escuro");
  await clerk.getByLabel("Seu nome").fill("Bruno Sales");
  await clerk.getByLabel("Resposta", { exact: true }).fill("Confere.");
  await clerk.getByRole("button", { name: "Enviar resposta" }).click();
  await strip.getByText("Confere.").waitFor();
  expect((await clerk.request.get(at)).status()).toBe(404);
}, 180_000);

test("the ombudsman asks an area, which is not told whose case it is", async () => {
  const boss = { email: "ouvidora@example.test", password: "uma frase bem comprida mesmo" };
  const manager = await windowOf();
  await logIn(manager, admin, "/ajustes/pessoas");
  await manager.getByRole("button", { name: "Nova conta" }).click();
  const account = manager.getByRole("dialog");
  await account.getByLabel("Nome").fill("Olga Reis");
  await account.getByLabel("E-mail").fill(boss.email);
  await account.getByLabel("Senha inicial").fill(boss.password);
  await account.getByLabel("Papel").selectOption("ombudsman");
  await account.getByRole("button", { name: "Criar conta" }).click();
  await manager.getByText(boss.email).waitFor();
  const response = await fetch(`${server.url}/api/public/ombudsman`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": crypto.randomUUID() },
    body: JSON.stringify({
      name: "Célia Prado",
      email: "celia@example.test",
      sac_protocol: "20261122000000139",
      subject: "Cobrança sem fim",
      body: "Já reclamei três vezes.",
    }),
  });
  const { protocol } = (await response.json()) as { protocol: string };

  const office = await windowOf({ reducedMotion: "reduce" });
  await logIn(office, boss, `/casos/${protocol}`);
  await office.getByText("Nenhuma área foi consultada neste caso.").waitFor();
  await office.getByRole("button", { name: "Pedir a uma área" }).click();
  const dialog = office.getByRole("dialog", { name: "Pedir a uma área" });
  await dialog.getByLabel("O que você precisa saber").fill("No protocolo 20261122000000139, o que houve?");
  expect(await dialog.getByLabel("Esconder quem é o cliente").count()).toBe(0);
  await dialog.getByRole("button", { name: "Enviar pedido" }).click();
  await dialog.getByText(/quem se manifestou/).waitFor();
  await dialog.getByLabel("O que você precisa saber").fill("O lote de outubro foi cobrado de novo?");
  await dialog.getByRole("button", { name: "Enviar pedido" }).click();
  const strip = office.getByRole("region", { name: "Pedidos a áreas" });
  await strip.getByText("cliente não identificado").waitFor();
  await strip.scrollIntoViewIfNeeded();
  await expectAccessible(office, "a case that asks an area");
  await picture(office, "areas-caso");

  const clerk = await windowOf();
  await clerk.goto(await link("O lote de outubro"));
  const shown = await clerk.content();
  for (const secret of ["Célia", protocol, "Ouvidoria", "Cobrança sem fim", "Olga"])
    expect(shown).not.toContain(secret);
  await clerk.getByLabel("Seu nome").fill("Bruno Sales");
  await clerk.getByLabel("Resposta", { exact: true }).fill("Foi, por engano.");
  await clerk.getByLabel(/^Arquivos/).setInputFiles(pdf("lote.pdf"));
  await clerk.getByRole("button", { name: "Enviar resposta" }).click();
  await strip.getByText("Foi, por engano.").waitFor();
  const file = (await strip.getByRole("link", { name: /lote\.pdf/ }).getAttribute("href"))!;
  expect((await office.request.get(file)).status()).toBe(200);
  expect((await manager.request.get(file)).status()).toBe(404);
  await office.emulateMedia({ colorScheme: "dark" });
  await strip.scrollIntoViewIfNeeded();
  await expectAccessible(office, "what an area told the ombudsman, dark");
  await picture(office, "areas-caso-escuro");
}, 180_000);
