import { readFile } from "node:fs/promises";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { admin, expectAccessible, launch, logIn, openWindow, picture } from "./browser";

const agent = {
  name: "Bia Torres",
  email: `bia.${Date.now()}@example.test`,
  password: "outra frase bem comprida",
};

/** What the agent attaches and the customer must get, letter by letter. */
const visit = "Roteiro da visita: desligar o registro às 8h45. Técnico: João.\n";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => browser.close());

test("a customer opens, an agent sees it arrive, takes it and answers, the customer reads", async () => {
  // The admin makes an account for the agent.
  const office = await (await openWindow(browser)).newPage();
  await logIn(office, admin, "/ajustes/pessoas");
  await office.getByRole("button", { name: "Nova conta" }).click();
  const form = office.getByRole("dialog");
  await form.getByLabel("Nome").fill(agent.name);
  await form.getByLabel("E-mail").fill(agent.email);
  await form.getByLabel("Senha inicial").fill(agent.password);
  await form.getByRole("button", { name: "Criar conta" }).click();
  await office.getByText(agent.email).waitFor();

  // The agent sits before the queue. This mark would not survive a reload.
  const desk = await (await openWindow(browser)).newPage();
  await logIn(desk, agent, "/fila?view=unassigned&sort=newest");
  await desk.evaluate(() => Object.assign(window, { neverReloaded: true }));

  // The customer has no JavaScript.
  const home = await (
    await openWindow(browser, { javaScriptEnabled: false, viewport: { width: 390, height: 844 } })
  ).newPage();
  const subject = `Máquina de lavar não centrifuga ${Date.now() % 100_000}`;
  await home.goto("/abrir");
  await home.locator('input[name="kind"][value="reclamacao"]').check({ force: true });
  await home.locator("#subject").fill(subject);
  await home.locator("#body").fill("Desde ontem ela para no meio do ciclo. Preciso de uma visita.");
  await home.locator("#name").fill("Olívia Bastos");
  await home.locator("#email").fill(`olivia.${Date.now()}@example.test`);
  await picture(home, "abrir-phone");
  await home.locator("form button.primary").click();
  await home.getByRole("heading", { name: subject }).waitFor();
  const address = home.url();
  expect(address).toMatch(/\/acompanhar\/\d{17}/);

  // It is in the agent's list, by itself.
  const row = desk.getByRole("link", { name: new RegExp(subject) });
  await row.waitFor({ timeout: 10_000 });
  await row.click();
  await desk.getByRole("heading", { name: subject }).waitFor();
  await desk.keyboard.press("a");
  await desk.getByText("você está respondendo").waitFor();

  await desk.keyboard.press("r");
  await desk.keyboard.type("Olá, Olívia. A visita técnica ficou para amanhã às 9h. Segue o roteiro anexo.");

  // It speaks of a file: sending asks for it, once, and the text stays.
  await desk.keyboard.press("Control+Enter");
  await desk.getByText("A resposta fala de um anexo, mas não há arquivo.").waitFor();
  await expectAccessible(desk, "forgotten file");
  await picture(desk, "anexo-esquecido");
  const chosen = desk.waitForEvent("filechooser");
  await desk.keyboard.press("Control+Shift+A");
  await (await chosen).setFiles({ name: "vazio.txt", mimeType: "text/plain", buffer: Buffer.alloc(0) });
  const files = desk.getByRole("list", { name: "Arquivos desta resposta" });
  await files.getByText("Este arquivo está vazio.").waitFor();
  await files.getByRole("button", { name: "Remover vazio.txt" }).click();
  await dropFile(desk, "roteiro.txt", visit);
  await files.getByText("1 kB").waitFor();
  await expectAccessible(desk, "attached file");
  await picture(desk, "anexo");
  await desk.getByRole("textbox", { name: /Para Olívia/ }).press("Control+Enter");
  await desk
    .getByRole("article")
    .getByText("A visita técnica ficou para amanhã", { exact: false })
    .first()
    .waitFor();
  await expect.poll(() => desk.getByRole("textbox", { name: /Para Olívia/ }).inputValue()).toBe("");

  // The customer reads it, and writes again.
  await home.reload();
  await home.getByText("A visita técnica ficou para amanhã às 9h.", { exact: false }).waitFor();
  const arriving = home.waitForEvent("download");
  await home.getByRole("link", { name: /roteiro\.txt/ }).click();
  expect(await readFile(await (await arriving).path(), "utf8")).toBe(visit);
  await picture(home, "acompanhar-phone");
  await home.locator("#body").fill("Perfeito, estarei em casa.");
  await home.locator("form button.primary").first().click();

  // And the open ticket shows it, without anybody having reloaded anything.
  await desk.getByText("Perfeito, estarei em casa.").first().waitFor({ timeout: 10_000 });
  expect(await desk.evaluate(() => "neverReloaded" in window)).toBe(true);
  await expectAccessible(desk, "ticket with a conversation");
  await picture(desk, "story");

  await staleAnswer(desk, home);
});

/** As a hand does it: a file from the desktop, let go over the answer. */
async function dropFile(desk: Page, name: string, content: string) {
  const data = await desk.evaluateHandle(
    ([name, content]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([content!], name!, { type: "text/plain" }));
      return transfer;
    },
    [name, content],
  );
  await desk.getByRole("textbox", { name: /Para Olívia/ }).dispatchEvent("drop", { dataTransfer: data });
}

/** Both write at once: the agent's text stays, and what the customer wrote is shown before it can be sent. */
async function staleAnswer(desk: Page, home: Page) {
  const draft = desk.getByRole("textbox", { name: /Para Olívia/ });
  await draft.pressSequentially("Combinado então.");
  await home.locator("#body").fill("Só mais uma coisa: o portão é o azul.");
  await home.locator("form button.primary").first().click();
  await desk.getByText(/escreveu enquanto você respondia/).waitFor({ timeout: 10_000 });
  await desk.locator("blockquote").getByText("o portão é o azul", { exact: false }).waitFor();
  expect(await draft.inputValue()).toBe("Combinado então.");
  await expectAccessible(desk, "stale answer");
  await picture(desk, "stale");
  await expect
    .poll(
      async () => {
        await desk.keyboard.press("Control+Enter");
        return draft.inputValue();
      },
      { timeout: 10_000, interval: 500 },
    )
    .toBe("");
}
