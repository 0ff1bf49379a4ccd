import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  admin,
  expectAccessible,
  launch,
  logIn,
  makeAccount,
  openTicket,
  openWindow,
  picture,
} from "./browser";

const colleague = {
  name: "Caio Prado Lima",
  email: `caio.${Date.now()}@example.test`,
  password: "mais uma frase bem comprida",
};

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => browser.close());

test("two people on one ticket see each other and their drafts, and a draft is there on another machine", async () => {
  const subject = `Fogão sem gás ${Date.now() % 100_000}`;
  const { protocol } = await openTicket({
    name: "Rosa Lima",
    email: `rosa.${Date.now()}@example.test`,
    kind: "reclamacao",
    subject,
    body: "O fogão não acende desde a troca do registro.",
  });
  const first = await (await openWindow(browser)).newPage();
  await makeAccount(colleague);
  await logIn(first, admin);

  const second = await (await openWindow(browser, { colorScheme: "dark" })).newPage();
  await logIn(second, colleague, `/fila?view=all&t=${protocol}`);
  await first.goto(`/fila?view=all&t=${protocol}`);
  for (const page of [first, second]) await page.getByRole("heading", { name: subject }).waitFor();
  await first.getByText(`${colleague.name} também está aqui`).first().waitFor();

  // One writes: the other sees that, and then what.
  await second.keyboard.press("n");
  await second.keyboard.type("Cliente pediu retorno depois das 18h.");
  // In the ticket's head, and at its row.
  await first.getByText(`${colleague.name} está escrevendo`).first().waitFor();
  await second.getByText("Rascunho guardado", { exact: true }).waitFor();
  const draft = first.getByText(new RegExp(`Rascunho de nota de ${colleague.name}`));
  await draft.click();
  await first.getByText("Cliente pediu retorno depois das 18h.").waitFor();
  await expectAccessible(first, "a colleague's draft");
  await picture(first, "rascunho-de-colega");

  // Another machine of the same person: the text is there.
  const elsewhere = await (await openWindow(browser)).newPage();
  await logIn(elsewhere, colleague, `/fila?view=all&t=${protocol}`);
  await elsewhere.getByRole("heading", { name: subject }).waitFor();
  await elsewhere.keyboard.press("n");
  const there = elsewhere.getByRole("textbox", { name: "Só a equipe vê esta nota" });
  await expect.poll(() => there.inputValue()).toBe("Cliente pediu retorno depois das 18h.");

  // Both write on: neither text is lost, one is chosen.
  await there.press("End");
  await elsewhere.keyboard.type(" Ligar no celular.");
  await elsewhere.getByText("Rascunho guardado", { exact: true }).waitFor();
  await second.getByRole("textbox", { name: "Só a equipe vê esta nota" }).press("End");
  await second.keyboard.type(" Ou escrever.");
  await second.getByText("Você também escreveu este texto em outra janela ou máquina").waitFor();
  await expectAccessible(second, "two drafts of one person");
  await picture(second, "rascunhos-em-disputa");
  await second.getByRole("button", { name: "Usar o de lá" }).click();
  await expect
    .poll(() => second.getByRole("textbox", { name: "Só a equipe vê esta nota" }).inputValue())
    .toBe("Cliente pediu retorno depois das 18h. Ligar no celular.");

  // Who closes the window is gone.
  await second.context().close();
  await elsewhere.context().close();
  await expect.poll(() => first.getByText(/também está aqui|está escrevendo|deixou aberto/).count()).toBe(0);
}, 120_000);
