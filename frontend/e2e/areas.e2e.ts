import type { Browser } from "playwright-core";
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
  const found = () => /\S+\/pedido\/\S+/.exec(postbox.newest(address, words) ?? "")?.[0];
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
  await clerk.emulateMedia({ colorScheme: "light" });
  await picture(clerk, "areas-pagina");
  await clerk.getByRole("button", { name: "Enviar resposta" }).click();
  await clerk.getByText("Resposta enviada. Obrigado.").waitFor();
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
  }
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

  const { protocol } = await customer("Entrega atrasada");
  await boss.goto(`/fila?view=all&t=${protocol}`);
  await boss.getByRole("heading", { name: "Entrega atrasada" }).waitFor();
  await boss.keyboard.press("q");
  const dialog = boss.getByRole("dialog", { name: "Pedir a uma área" });
  await dialog.getByLabel("Área", { exact: true }).selectOption({ label: "Entregas" });
  await dialog.getByLabel("O que você precisa saber").fill("Onde está o pedido 4411?");
  await dialog.getByRole("button", { name: "Enviar pedido" }).click();
  await boss.getByRole("region", { name: "Pedidos a áreas" }).getByText("Onde está o pedido 4411?").waitFor();

  const desk = await windowOf({ colorScheme: "dark" });
  await logIn(desk, clerk, "/areas");
  await desk.getByText("Onde está o pedido 4411?").waitFor();
  await desk.getByText(`Rita Nogueira · ${protocol}`).waitFor();
  await expectAccessible(desk, "what a team is asked");
  await picture(desk, "areas-equipe-escuro");
  await desk.getByLabel("Resposta da área").fill("Na transportadora, chega na terça.");
  await desk.getByRole("button", { name: "Responder" }).click();
  const strip = boss.getByRole("region", { name: "Pedidos a áreas" });
  await strip.getByText("Na transportadora, chega na terça.").waitFor();
  await strip.getByText(`${clerk.name}, pelo sistema`).waitFor();

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
