import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { admin, expectAccessible, launch, logIn, openTicket, openWindow, picture } from "./browser";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** After a restore: what the server says is another, until somebody releases. */
async function hold(page: Page): Promise<void> {
  let held = true;
  await page.route("**/api/outgoing", (route) =>
    route.fulfill({
      json: {
        held: held ? { at: "2026-11-22T11:05:00Z", why: "restored" } : null,
        waiting: [
          { way: "email", n: 12, oldest: "2026-11-21T20:10:00Z" },
          { way: "letter", n: 1, oldest: "2026-11-22T09:00:00Z" },
        ],
      },
    }),
  );
  await page.route("**/api/outgoing/release", async (route) => {
    held = false;
    await route.continue(); // the real one: released or not, it says yes
  });
}

const enter = async (page: Page, name: string | RegExp) => {
  await page.getByRole("button", { name }).focus();
  await page.keyboard.press("Enter");
};

describe.each(["light", "dark"] as const)("in %s", (colorScheme) => {
  test("a letter is written, printed and posted by keyboard, a copy is asked for, and what was held is released", async () => {
    const subject = `Segunda via por carta ${colorScheme} ${Date.now()}`;
    await openTicket({
      name: "Rita Prado",
      email: `rita.${colorScheme}.${Date.now()}@cliente.example`,
      kind: "solicitacao",
      subject,
      body: "Prefiro receber a resposta por carta, por favor.",
    });
    const context = await openWindow(browser, { colorScheme });
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    await logIn(page, admin);
    await page
      .getByRole("link", { name: new RegExp(subject) })
      .first()
      .click();
    await page.getByRole("heading", { name: subject }).waitFor();

    // The letter.
    await enter(page, "Outros meios");
    const dialog = page.getByRole("dialog", { name: "Outros meios" });
    await dialog
      .getByLabel("Texto da carta")
      .fill("Segue a segunda via que você pediu.\n\nEla vale até o fim do mês.");
    await dialog.getByLabel("Endereço").fill("Rita Prado\nRua das Palmeiras, 120\n01310-100 São Paulo – SP");
    await expectAccessible(page, `letter ${colorScheme}`);
    await picture(page, `saida-carta-${colorScheme}`);
    await dialog.getByRole("tab", { name: "Carta" }).focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await dialog.getByText("Nenhum gateway de SMS está configurado.").waitFor();
    // The words are the same draft, whatever the way.
    expect(await dialog.getByLabel("Mensagem").inputValue()).toContain("segunda via");
    await picture(page, `saida-sms-${colorScheme}`);
    await dialog.getByRole("tab", { name: "Carta" }).click();
    await enter(page, "Pôr na fila de impressão");
    await page.getByText("carta a postar").waitFor();

    // The copy.
    await enter(page, "Outros meios");
    await dialog.getByRole("tab", { name: "Cópias" }).click();
    await dialog.getByLabel("Como quer receber").selectOption("letter");
    await dialog.getByLabel("Endereço").fill("Rita Prado\nRua das Palmeiras, 120\n01310-100 São Paulo – SP");
    await enter(page, "Registrar o pedido e enviar");
    await dialog.getByText(/carta a imprimir · prazo/).waitFor();
    await expectAccessible(page, `copies ${colorScheme}`);
    await picture(page, `saida-copias-${colorScheme}`);
    await page.keyboard.press("Escape");

    // What the customer wants.
    const sms = page.getByRole("checkbox", { name: "SMS" });
    await sms.focus();
    await page.keyboard.press("Space");
    await page.getByText(/não quer desde/).waitFor();
    await expectAccessible(page, `ticket ${colorScheme}`);
    await picture(page, `saida-atendimento-${colorScheme}`);

    // The outbox, then printing and posting.
    await page.getByRole("link", { name: "Saída" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Saída" }).waitFor();
    await picture(page, `saida-${colorScheme}`);
    await page.getByText("A imprimir").first().waitFor();
    await expectAccessible(page, `outbox ${colorScheme}`);
    await picture(page, `saida-${colorScheme}`);
    await page.getByRole("tab", { name: /Envios/ }).focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    const printed = page.waitForEvent("download");
    await enter(page, "Imprimir 2 cartas");
    expect((await printed).suggestedFilename()).toMatch(/^cartas-\d+\.pdf$/);
    await page.getByRole("heading", { name: /^Lote \d+$/ }).waitFor();
    await expectAccessible(page, `batch ${colorScheme}`);
    await picture(page, `saida-lote-${colorScheme}`);
    await enter(page, "Marcar como postado");
    await page.getByText("Nenhuma carta espera").waitFor();

    // The ticket knows.
    await page.goBack();
    await page.getByText("carta postada").waitFor();

    // Held after a restore.
    await hold(page);
    await page.reload();
    await page.getByText("Nada está saindo para os clientes.").waitFor();
    await expectAccessible(page, `held ${colorScheme}`);
    await picture(page, `saida-retida-${colorScheme}`);
    await enter(page, "Ver e liberar");
    await page.getByText("12 e-mails").waitFor();
    await expectAccessible(page, `release ${colorScheme}`);
    await picture(page, `saida-liberar-${colorScheme}`);
    await enter(page, "Liberar o envio");
    await page.getByText("Envio liberado.").waitFor();
    await page.getByText("Nada está saindo para os clientes.").waitFor({ state: "detached" });
    await context.close();
  });
});
