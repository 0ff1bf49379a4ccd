import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { admin, expectAccessible, launch, logIn, openTicket, openWindow, picture } from "./browser";
import { openPostbox, type Postbox } from "./postbox";
import { type Server, serve } from "./server";

// A server of its own: only here does mail go out, and what went out is read.

const stamp = Date.now() % 1_000_000;
const area = `Cobrança ${stamp}`;
const address = "cobranca@aroeira.example";
const subject = `Fatura em dobro ${stamp}`;
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

/** A call to the API as the page's person makes it. */
const call = (page: Page, method: string, path: string, body: unknown): Promise<unknown> =>
  page.evaluate(
    async ([method, path, body]) => {
      const { csrf_token } = await (await fetch("/api/me")).json();
      const answer = await fetch(path, {
        method,
        headers: { "content-type": "application/json", "x-csrf-token": csrf_token },
        body,
      });
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
      return answer.json();
    },
    [method, path, JSON.stringify(body)] as const,
  );

/** The link in the mail that the area was sent. */
async function link(words: string): Promise<string> {
  const found = () => /\S+\/pedido\/\S+/.exec(postbox.newest(address, words) ?? "")?.[0];
  await expect.poll(found, { timeout: 30_000 }).toBeDefined();
  return found()!;
}

test("an area is asked without being told who the customer is, and answers by its link", async () => {
  const { protocol } = await customer(subject);
  const desk = await windowOf();
  await logIn(desk, admin, `/fila?view=all&t=${protocol}`);
  await call(desk, "POST", "/api/areas", {
    name: area,
    emails: [address],
    amount: 2,
    unit: "business_days",
    remind_at: 75,
    chase_most: 3,
  });
  await desk.getByRole("heading", { name: subject }).waitFor();

  // Asked by one key.
  await desk.keyboard.press("q");
  const dialog = desk.getByRole("dialog", { name: "Pedir a uma área" });
  await dialog.getByLabel("O que você precisa saber").fill(`A cliente Rita Nogueira reclama. ${question}`);
  await dialog.getByLabel("Esconder quem é o cliente").check();
  await expectAccessible(desk, "asking an area");
  await picture(desk, "areas-pedir");

  // What would tell who the customer is does not go out.
  await dialog.getByRole("button", { name: "Pedir a uma área" }).click();
  await dialog.getByText(/sem identificar ninguém/).waitFor();
  await expectAccessible(desk, "a question that tells who the customer is");
  await picture(desk, "areas-pedir-revela");
  await dialog.getByLabel("O que você precisa saber").fill(question);
  await dialog.getByRole("button", { name: "Pedir a uma área" }).click();
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
  const turns = desk.getByRole("region", { name: "Onde o tempo foi" });
  await turns.getByRole("rowheader", { name: area }).waitFor();
  await turns.getByRole("rowheader", { name: "Nós" }).waitFor();
  await expectAccessible(desk, "an area's answer");
  await picture(desk, "areas-respondida");
  await expectAccessible(dark, "an area's answer, dark");
  await picture(dark, "areas-respondida-escuro");
}, 180_000);
