import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { admin, expectAccessible, launch, logIn, openWindow, picture } from "./browser";

const name = `Troca ${Date.now() % 1_000_000}`;
const slug = name.toLowerCase().replace(" ", "-");

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => browser.close());

/** Adds a question of this type and opens it. */
async function ask(page: Page, type: string, label: string): Promise<void> {
  await page.getByLabel("Tipo do novo campo").selectOption({ label: type });
  await page.getByRole("button", { name: "Adicionar campo" }).click();
  await page.getByLabel("Pergunta").fill(label);
}

test("a supervisor builds a form, a customer fills it in, an agent reads the answers", async () => {
  const office = await (await openWindow(browser)).newPage();
  await logIn(office, admin, "/ajustes/formularios");
  await office.getByRole("button", { name: "Novo formulário" }).click();
  await office.getByLabel("Nome", { exact: true }).fill(name);
  await ask(office, "CPF", "Seu CPF");
  await office.getByLabel("Vira, no atendimento").selectOption({ label: "Documento do cliente" });
  await office.getByLabel("Por que pedimos").fill("Para achar a sua compra");
  await office.getByLabel("Base legal").selectOption({ label: "Execução de contrato" });
  await ask(office, "Uma opção", "Veio com defeito?");
  await office.getByLabel("Opções").fill("Sim\nNão");
  await ask(office, "Texto curto", "Qual defeito");
  await office.getByLabel("Obrigatório").check();
  await office.getByLabel("Aparece").selectOption({ label: "Conforme “Veio com defeito?”" });
  await office.getByLabel("Quando a resposta").selectOption({ label: "é" });
  await office.getByLabel("Valor", { exact: true }).selectOption("Sim");
  await ask(office, "Motivo", "Motivo da troca");
  await ask(office, "Arquivos", "Fotos");
  // By the keyboard, too: the last question goes up by one, and the focus with it.
  await office.getByRole("button", { name: "Mover Fotos", exact: true }).focus();
  await office.keyboard.press("ArrowUp");
  await office.getByText("Fotos agora é o campo 7.").waitFor({ state: "attached" });
  const shown = office.frameLocator('iframe[title="Como o cliente vê"]');
  await shown.getByText("Para achar a sua compra").waitFor();
  await expectAccessible(office, "the builder", "iframe");
  await picture(office, "formulario-construtor");
  await office.getByRole("button", { name: "Publicar", exact: true }).click();
  await office.getByText(`${name} está no ar.`).first().waitFor();

  const home = await (await openWindow(browser, { viewport: { width: 390, height: 844 } })).newPage();
  await home.goto(`/abrir/${slug}`);
  await home.getByLabel("E-mail").fill(`rita.${Date.now()}@example.test`);
  await home.getByLabel("O que aconteceu?").fill("A cafeteira não liga. Quero trocar.");
  const cpf = home.getByLabel(/Seu CPF/);
  await cpf.pressSequentially("11144477736");
  expect(await cpf.inputValue()).toBe("111.444.777-36");
  await home.getByText("Confira o CPF").waitFor();
  await cpf.press("Backspace");
  await cpf.press("5");
  await home.getByText("Confira o CPF").waitFor({ state: "detached" });

  expect(await home.getByLabel("Qual defeito").isVisible()).toBe(false);
  await home.getByText("Sim", { exact: true }).click();
  await home.getByRole("button", { name: "Enviar" }).click();
  await home.locator("[data-field]:has(.error)", { hasText: "Qual defeito" }).waitFor(); // and nothing is sent
  expect(await home.getByLabel("Qual defeito").evaluate((e) => e === document.activeElement)).toBe(true);
  await home.getByLabel("Qual defeito").fill("Não liga");

  for (let level = 1; level <= 3; level++) {
    const list = home.getByLabel(new RegExp(`Motivo da troca.*${level}/`));
    if (await list.isVisible()) await list.selectOption({ index: 1 });
  }
  await home.locator("#files").setInputFiles({
    name: "etiqueta.txt",
    mimeType: "text/plain",
    buffer: Buffer.from("220 V, lote 7\n"),
  });
  await home.getByText("etiqueta.txt · 14 B").waitFor();
  await expectAccessible(home, "the form");
  await picture(home, "formulario-phone");

  await home.reload(); // what was typed is there again
  expect(await home.getByLabel("Qual defeito").inputValue()).toBe("Não liga");
  await home.locator("#files").setInputFiles({
    name: "etiqueta.txt",
    mimeType: "text/plain",
    buffer: Buffer.from("220 V, lote 7\n"),
  });
  await home.getByRole("button", { name: "Enviar" }).click();
  const receipt = home.locator(".receipt-card");
  await receipt.waitFor();
  const protocol = (await receipt.locator(".protocol").innerText()).replaceAll(/\D/g, "");
  expect(protocol).toHaveLength(17);
  await expectAccessible(home, "the receipt");
  await picture(home, "formulario-recibo");

  await office.goto(`/fila?view=all&t=${protocol}`);
  await office.getByText("A cafeteira não liga. Quero trocar.").last().waitFor();
  for (const [label, value] of [
    ["Veio com defeito?", "Sim"],
    ["Qual defeito", "Não liga"],
    ["Motivo da troca", "›"],
  ]) {
    const term = office.locator("dt", { hasText: label! });
    await term.first().waitFor();
    expect(await term.first().locator("xpath=following-sibling::dd[1]").innerText()).toContain(value!);
  }
  await office.getByText("etiqueta.txt").first().waitFor();
  await picture(office, "formulario-atendimento");
});
