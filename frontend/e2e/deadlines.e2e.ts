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

const stamp = Date.now() % 1_000_000;
const boss = {
  name: "Vera Nunes",
  email: `vera.${stamp}@example.test`,
  password: "uma frase bem comprida mesmo",
  role: "supervisor",
};
const house = `Carta da casa ${stamp}`;

type Regime = components["schemas"]["Regime"];

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
  await makeAccount(boss);
  const manage = await callAs(admin);
  // A rule for one segment alone, so that no other story meets it.
  const { id } = await manage("/api/regimes", {
    regime: {
      name: house,
      norm: "Carta de Serviços, item 7",
      evidence: "unconfirmed",
      active: true,
      extension: 5,
      cap: 100,
    },
  });
  await manage("/api/policies", {
    regime_id: id,
    policy: {
      name: `${house}: resposta`,
      clock: "legal",
      calendar: "br",
      amount: 10,
      unit: "business_days",
      pauses: true,
      legal_ref: "Carta de Serviços, item 7.2",
      segments: ["especial"],
      active: true,
    },
  });
  const { items } = await manage<{ items: Regime[] }>("/api/regimes");
  const procon = items.find((r) => r.name === "Procon");
  if (!procon) throw new Error("the seeds have no Procon");
  const { id: kept, version, name, norm, evidence, source, note, extension, cap } = procon;
  const regime = { name, norm, evidence, source, note, extension, cap, active: true };
  await manage(`/api/regimes/${kept}`, { regime, version }, "PUT");
});
afterAll(async () => browser.close());

/** Looks at a page in both themes, or at a dialog like others of this story in one. */
async function look(page: Page, name: string, schemes: readonly ("light" | "dark")[] = ["light", "dark"]) {
  for (const scheme of schemes) {
    await page.emulateMedia({ colorScheme: scheme });
    await expectAccessible(page, `${name} ${scheme}`);
    await picture(page, `${name}-${scheme}`);
  }
  await page.emulateMedia({ colorScheme: "light" });
}

test("a supervisor reads why a deadline is that day, holds it, moves it and takes one back, before a colleague's eyes", async () => {
  const subject = `Portão sem motor ${stamp}`;
  const { protocol } = await openTicket({
    name: "Rosa Lima",
    email: `rosa.${stamp}@example.test`,
    kind: "reclamacao",
    subject,
    body: "O portão chegou sem o motor.",
  });
  const first = await (await openWindow(browser)).newPage();
  const second = await (await openWindow(browser, { colorScheme: "dark" })).newPage();
  await logIn(first, boss, `/fila?view=all&t=${protocol}`);
  await logIn(second, admin, `/fila?view=all&t=${protocol}`);
  const part = (page: Page) => page.getByRole("region", { name: "Prazos" });
  for (const page of [first, second]) await part(page).getByRole("button").first().waitFor();

  // The segment brings a deadline of its own, told here and seen there.
  await first.getByLabel("Segmento").selectOption("especial");
  await first.getByText(/Segmento: Atendimento especial\..*Prazo legal: agora vence/).waitFor();
  const mine = (page: Page) => part(page).getByRole("button", { name: new RegExp(`${house}: resposta`) });
  await mine(second).getByText("faltam 10 dias úteis").waitFor();
  await mine(second).getByText("não confirmado").waitFor();
  await look(first, "prazos-painel");

  // Why that day: each stretch of the count, by which rule.
  await mine(first).click();
  const sheet = first.getByRole("dialog", { name: "Prazo legal" });
  await sheet.getByText("Como se chegou a esta data").waitFor();
  await sheet.getByText("dia do início não conta").waitFor();
  await sheet.getByText("fim de semana").first().waitFor();
  expect(await sheet.getByText("10 de 10").count()).toBe(1);
  await sheet.getByText(/Carta de Serviços, item 7.2/).waitFor();
  await sheet.getByText(/Não confirmado: peça a um advogado/).waitFor();
  await sheet.getByText("Brasil", { exact: false }).first().waitFor();
  await look(first, "prazos-explicacao");

  // A pause asks for its reason at the field, and stands in the other window at once.
  await sheet.getByRole("button", { name: "Pausar" }).click();
  const pausing = first.getByRole("dialog", { name: "Pausar o prazo" });
  await pausing.getByRole("button", { name: "Pausar" }).click();
  await pausing.getByText("Escreva: fica no registro do prazo.").waitFor();
  await pausing.getByLabel("Por que o prazo para").fill("Perícia marcada pelo cliente");
  await look(first, "prazos-pausar", ["light"]);
  await first.keyboard.press("Tab");
  await first.keyboard.press("Enter");
  await pausing.waitFor({ state: "detached" });
  await mine(second)
    .getByText(/pausado (agora|há)/)
    .waitFor();
  await second.getByText(/Vera Nunes pausou o prazo de Prazo legal: Perícia marcada/).waitFor();
  await sheet.getByText("sem data até ser retomado").first().waitFor();
  await sheet.getByText("Perícia marcada pelo cliente").first().waitFor();
  await look(first, "prazos-pausado", ["light"]);
  await sheet.getByRole("button", { name: "Retomar" }).click();
  await mine(second).getByText("faltam 10 dias úteis").waitFor();

  // The pause should never have been.
  await sheet.getByRole("button", { name: /^Corrigir a pausa de/ }).click();
  const amending = first.getByRole("dialog", { name: "Corrigir a pausa" });
  await amending.getByLabel("Quando terminou de fato").fill("2020-01-01T10:00");
  await amending.getByLabel("Por que corrigir").fill("A perícia foi desmarcada");
  await amending.getByRole("button", { name: "Corrigir", exact: true }).click();
  await amending.getByText(/Informe uma hora de/).waitFor();
  await look(first, "prazos-corrigir", ["light"]);
  await amending.getByText("Não devia ter havido").click();
  await amending.getByRole("button", { name: "Corrigir", exact: true }).click();
  await amending.waitFor({ state: "detached" });
  await sheet.getByText(/, desfeita/).waitFor();

  // More time: what it would be stands there before, the customer is told in the same act.
  await sheet.getByRole("button", { name: "Prorrogar" }).click();
  const extending = first.getByRole("dialog", { name: "Prorrogar o prazo" });
  await extending.getByText(/nenhuma prorrogação de no máximo 1/).waitFor();
  await extending.getByText(/\+ 5 dias úteis/).waitFor();
  await extending.getByRole("button", { name: "Prorrogar e avisar o cliente" }).click();
  await extending.getByText("Escreva: fica no registro do prazo.").waitFor();
  await extending.getByLabel("Justificativa").fill("O laudo do fabricante ainda não chegou");
  await look(first, "prazos-prorrogar", ["light"]);
  await extending.getByRole("button", { name: "Prorrogar e avisar o cliente" }).click();
  await extending.waitFor({ state: "detached" });
  await mine(second).getByText("faltam 15 dias úteis").waitFor();
  await second
    .getByText(/Precisamos de mais tempo para responder/)
    .first()
    .waitFor();
  await sheet.getByText(/Mais 5 dias úteis/).waitFor();
  expect(await sheet.getByRole("button", { name: "Prorrogar" }).count()).toBe(0);
  await look(first, "prazos-prorrogado");
  await first.keyboard.press("Escape");
  await sheet.waitFor({ state: "detached" });

  // A letter from a Procon names its day.
  await part(first).getByRole("button", { name: "Começar um prazo" }).click();
  const beginning = first.getByRole("dialog", { name: "Começar um prazo" });
  await beginning.getByRole("button", { name: "Começar um prazo" }).click();
  await beginning.getByText("Escolha um prazo.").waitFor();
  await beginning.getByText(/Procon: resposta à carta/).click();
  await beginning.getByLabel("Último dia, se o papel traz").fill("2020-01-31");
  await beginning.getByLabel("De onde vem").fill("Carta CIP 123 do Procon");
  await beginning.getByRole("button", { name: "Começar um prazo" }).click();
  await beginning.getByText("O último dia vem depois do começo.").waitFor();
  await look(first, "prazos-comecar", ["light"]);
  const day = new Date(Date.now() + 21 * 86_400_000).toISOString().slice(0, 10);
  await beginning.getByLabel("Último dia, se o papel traz").fill(day);
  await beginning.getByRole("button", { name: "Começar um prazo" }).click();
  await beginning.waitFor({ state: "detached" });
  const letter = (page: Page) => part(page).getByRole("button", { name: /Procon: resposta à carta/ });
  await letter(second).waitFor();
  await second.getByText(/Vera Nunes começou o prazo “Procon: resposta à carta/).waitFor();

  // It was another company's letter: taken back, neither met nor missed.
  await letter(first).click();
  await sheet.getByText("Carta CIP 123 do Procon").waitFor();
  await sheet.getByRole("button", { name: "Cancelar o prazo" }).click();
  const cancelling = first.getByRole("dialog", { name: "Cancelar o prazo" });
  await cancelling.getByLabel("Por que não vale").fill("A carta era de outra empresa");
  await cancelling.getByRole("button", { name: "Cancelar o prazo" }).click();
  await cancelling.waitFor({ state: "detached" });
  await sheet.getByText("Venceria", { exact: false }).waitFor();
  await letter(second).waitFor({ state: "detached" });
  await part(second)
    .getByText(/^\d encerrados?$/)
    .click();
  await look(second, "prazos-encerrado");

  // The month's extensions stand on the board, against their cap.
  await first.goto("/painel");
  const month = first.getByRole("region", { name: "Prorrogações do mês" });
  await month.getByText(/1 prorrogação de no máximo 1 \(100% de 1 demanda\)/).waitFor();
  await month.getByText("Ver a prorrogação").first().click();
  await month.getByText("O laudo do fabricante ainda não chegou").waitFor();
  await month.scrollIntoViewIfNeeded();
  await look(first, "prazos-mes");
}, 300_000);

test("what is wrong with a rule stands at its field, and what was written is kept", async () => {
  const page = await (await openWindow(browser)).newPage();
  await logIn(page, admin, "/ajustes/prazos");
  const rules = page.getByRole("region", { name: house });
  await rules.getByRole("button", { name: `Mudar ${house}`, exact: true }).click();
  await page.getByLabel("Conferido por").fill("Dra. Lívia Rocha");
  await page.getByLabel("Conferido em").fill("2099-01-01");
  await page.getByRole("button", { name: "Ver o efeito" }).click();
  await page.getByText("A conferência não pode estar no futuro.").waitFor();
  expect(await page.getByLabel("Conferido em").getAttribute("aria-invalid")).toBe("true");
  expect(await page.getByLabel("Conferido por").inputValue()).toBe("Dra. Lívia Rocha");
  await look(page, "prazos-regra-errada", ["light"]);
}, 120_000);
