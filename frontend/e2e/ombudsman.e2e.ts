import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, test } from "vitest";
import { admin, callAs, expectAccessible, launch, logIn, openWindow, picture } from "./browser";

let browser: Browser;
const password = "uma frase longa para o teste";
const stamp = Date.now();
const boss = { email: `ouvidora.${stamp}@example.test`, password };
const analyst = { email: `analista.${stamp}@example.test`, password };

beforeAll(async () => {
  browser = await launch();
  const manage = await callAs(admin);
  await manage("/api/accounts", { ...boss, name: "Ouvidora de Teste", role: "ombudsman" });
  const second = await manage("/api/accounts", { ...analyst, name: "Analista de Teste", role: "ombudsman" });
  await (await callAs(boss))(`/api/ombudsman/office/${second.id}`, { rank: "analyst" });
});
afterAll(async () => browser.close());

async function look(page: Page, name: string) {
  for (const scheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    await expectAccessible(page, `${name} ${scheme}`);
    await picture(page, `${name}-${scheme}`);
  }
}

test("a demand goes from the public page to a signed answer", async () => {
  const customer = await (await openWindow(browser)).newPage();
  await customer.goto("/ouvidoria");
  await customer.getByLabel("Assunto").fill("Cobrança em dobro");
  await customer.getByLabel("O que aconteceu?").fill("Cobraram duas vezes e ninguém resolveu.");
  await customer.getByText("Anônimo:").click();
  await look(customer, "ouvidoria-publica");
  await customer.getByRole("button", { name: "Enviar à Ouvidoria" }).click();
  await customer.getByRole("heading", { name: "Manifestação recebida" }).waitFor();
  await look(customer, "ouvidoria-recebida");

  const office = await (await openWindow(browser)).newPage();
  await logIn(office, analyst);
  await office.goto("/casos");
  await office.getByRole("link", { name: "Cobrança em dobro" }).first().waitFor();
  await look(office, "casos");
  await office.getByRole("link", { name: "Cobrança em dobro" }).first().click();
  await office.getByLabel("Novo ponto").fill("Devolver o valor");
  await office.getByRole("button", { name: "Acrescentar" }).click();
  await office.getByLabel("Resposta a este ponto").fill("Devolvido em 20 de novembro.");
  await office.getByRole("button", { name: "Gravar", exact: true }).first().click();
  await office.getByText("todos respondidos").waitFor();
  await office.getByLabel("Mérito").selectOption("founded");
  await office.getByLabel("Resultado").selectOption("solved");
  await office.getByLabel("Texto da resposta").fill("Devolvemos o valor cobrado a mais em 20 de novembro.");
  await office.getByRole("button", { name: "Passar para assinatura" }).click();
  await office.getByText("quem assina é outra pessoa").waitFor();
  await look(office, "caso");

  const signer = await (await openWindow(browser)).newPage();
  await logIn(signer, boss);
  await signer.goto("/casos");
  await signer.getByRole("link", { name: "Cobrança em dobro" }).first().click();
  await signer.getByRole("button", { name: "Assinar e enviar" }).click();
  await signer.getByText("Resposta assinada e enviada.").first().waitFor();

  await customer.getByRole("link", { name: "Acompanhar agora" }).click();
  await customer.getByText("Devolvemos o valor cobrado a mais").waitFor();

  await signer.goto("/importacoes");
  await signer.getByLabel("Arquivo CSV ou XLSX").setInputFiles({
    name: "procon.csv",
    mimeType: "text/csv",
    buffer: Buffer.from(
      `CIP;Assunto;Descrição;Nota\n${stamp}1;Garantia;Não consertaram;3,5\n${stamp}2;Entrega;Atrasou;dez\n`,
    ),
  });
  await signer.getByRole("button", { name: "Importar", exact: true }).click();
  await signer.getByText("2 linhas lidas: 1 novas, 0 já importadas, 1 com erro").waitFor();
  await signer.getByText("A nota não é um número de 0 a 10.").waitFor();
  await look(signer, "importacoes");
  await signer.goto("/areas");
  await signer.getByRole("heading", { name: "Pedidos à equipe" }).waitFor();
  await look(signer, "areas");
});
