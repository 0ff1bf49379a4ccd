import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { admin, expectAccessible, launch, logIn, openTicket, openWindow, picture } from "./browser";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => browser.close());

test("what an answer promises is said while it is written, stands beside the ticket and is kept by the next contact", async () => {
  const stamp = Date.now() % 1_000_000;
  const subject = `Geladeira que não gela ${stamp}`;
  const { protocol } = await openTicket({
    name: "Rosa Lima",
    email: `rosa.promessa.${stamp}@example.test`,
    kind: "reclamacao",
    subject,
    body: "A geladeira nova não gela.",
  });
  const writer = await (await openWindow(browser)).newPage();
  const reader = await (await openWindow(browser, { colorScheme: "dark" })).newPage();
  for (const page of [writer, reader]) {
    await logIn(page, admin, `/fila?view=all&t=${protocol}`);
    await page.getByRole("heading", { name: subject }).waitFor();
  }
  const promises = (page: typeof writer) => page.getByRole("region", { name: "Promessas" });

  await writer.keyboard.press("r");
  await writer.keyboard.type("Falei com a fábrica. Retorno em até 48 horas.");
  const found = writer.getByRole("list", { name: "O que este texto promete" });
  await found.getByText(/^Promessa: até/).waitFor();
  await found.getByRole("button", { name: "Não é promessa" }).click();
  await found.getByText(/^Não fica como promessa/).waitFor();
  await found.getByRole("button", { name: "É promessa" }).click();
  await found.getByText(/^Promessa: até/).waitFor();
  await expectAccessible(writer, "a promise is found");
  await picture(writer, "promessa-texto");
  await writer.getByLabel("Para Rosa Lima").focus();
  await writer.keyboard.press("Control+Enter");

  // The colleague's screen shows it without a reload.
  await promises(reader).getByText("Retorno em até 48 horas").waitFor();
  await expectAccessible(reader, "a promise, dark");
  await picture(reader, "promessa-escuro");

  await promises(writer)
    .getByRole("button", { name: /^Mudar a data da promessa/ })
    .click();
  const dialog = writer.getByRole("dialog");
  await dialog.getByRole("button", { name: "Mudar a data" }).click();
  await dialog.getByText("Escreva", { exact: false }).first().waitFor(); // a reason is missing
  await dialog.getByLabel("Por que muda").fill("A fábrica pediu mais um dia");
  const when = dialog.getByLabel("Nova data e hora");
  const later = new Date(Date.parse(`${await when.inputValue()}:00Z`) + 86_400_000);
  await when.fill(later.toISOString().slice(0, 16));
  await dialog.getByRole("button", { name: "Mudar a data" }).click();
  await promises(reader).getByText("mudou de data uma vez", { exact: false }).waitFor();

  // Who resolves is told what the customer was promised, and may think again.
  await writer.keyboard.press("e");
  const before = writer.getByRole("dialog", { name: "Antes de resolver" });
  await before.getByText("Há uma promessa ao cliente em aberto:").waitFor();
  await before.getByText("Retorno em até 48 horas").waitFor();
  await expectAccessible(writer, "a promise is open when the ticket is resolved");
  await picture(writer, "promessa-antes-de-resolver");
  await writer.keyboard.press("Escape");
  await before.waitFor({ state: "detached" });

  await reader.keyboard.press("n");
  await reader.keyboard.type("Liguei do meu telefone, está resolvido.");
  await reader.keyboard.press("Control+Enter");
  await promises(reader)
    .getByRole("button", { name: /^Dar por cumprida/ })
    .click();
  await reader.getByRole("dialog").getByLabel("Como foi cumprida").fill("Liguei do meu telefone");
  await expectAccessible(reader, "a promise is kept, dark");
  await reader.getByRole("dialog").getByRole("button", { name: "Cumprida" }).click();
  await promises(writer).getByText("cumprida", { exact: false }).waitFor();
  await writer.getByText("deu por cumprida a promessa", { exact: false }).first().waitFor();
  expect(await promises(writer).getByRole("button").count()).toBe(0);
  await picture(writer, "promessa-cumprida");
  for (const page of [writer, reader]) await page.context().close();
});
