import type { Browser, Page } from "playwright-core";
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

const stamp = Date.now();
const ana = {
  name: "Ana Prado",
  email: `ana.${stamp}@example.test`,
  password: "mais uma frase bem comprida",
};

let browser: Browser;
let boss: Page;
let agent: Page;
beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => browser.close());

/** Two people at their desks, one in the light and one in the dark. */
async function sitDown(): Promise<void> {
  boss = await (await openWindow(browser)).newPage();
  await makeAccount(ana);
  await logIn(boss, admin);
  agent = await (await openWindow(browser, { colorScheme: "dark" })).newPage();
  await logIn(agent, ana, "/fila?view=all");
}

const demand = (subject: string) =>
  openTicket({
    name: "Rosa Lima",
    email: `rosa.${Date.now()}@example.test`,
    kind: "reclamacao",
    subject,
    body: "O fogão não acende desde a troca do registro.",
  });
const at = (protocol: string) => `/fila?view=all&t=${protocol}`;
const open = async (page: Page, protocol: string, subject: string) => {
  await page.goto(at(protocol));
  await page.getByRole("heading", { name: subject }).waitFor();
  await page.getByRole("button", { name: "Encaminhar" }).waitFor(); // it comes later, and its keys with it
};

test("who is here stands in the rail, with a break that both see and that a reload keeps", async () => {
  await sitDown();
  await boss.goto("/fila?view=all");
  const rail = boss.getByRole("list", { name: "Equipe agora" });
  await rail.getByText(ana.name).waitFor();
  await agent.keyboard.press("g");
  await agent.keyboard.press("s");
  await agent.getByRole("menuitemradio", { name: /Refeição/ }).click();
  await agent.getByRole("button", { name: /Meu estado: Refeição · volta em 20 min/ }).waitFor();
  await rail.getByText("volta em 20 min").waitFor();
  await expectAccessible(boss, "the team in the rail");
  await picture(boss, "equipe-no-trilho");
  await agent.reload();
  const mine = agent.getByRole("button", { name: /Meu estado: Refeição/ });
  await mine.waitFor();
  await expectAccessible(agent, "my break");
  await picture(agent, "minha-pausa");
  await mine.click();
  await agent.getByRole("menuitemradio", { name: "Disponível" }).click();
  await rail.getByText("livre").waitFor();
}, 120_000);

test("a ticket is handed over with a note, taken over with a reason, and help comes when it is called", async () => {
  const subject = `Fogão sem gás ${stamp % 100_000}`;
  const { protocol } = await demand(subject);
  await open(boss, protocol, subject);
  await boss.keyboard.press("Shift+A");
  const dialog = boss.getByRole("dialog", { name: "Transferir" });
  await dialog.getByRole("radio", { name: new RegExp(ana.name) }).check();
  await dialog.getByLabel("Como está o caso").fill("Técnico marcado para sexta; falta confirmar o horário.");
  await expectAccessible(boss, "handing over");
  await picture(boss, "transferir");
  await dialog.getByRole("button", { name: "Transferir" }).click();
  await agent.getByText(`Transferiram para você: ${subject}`).waitFor();
  await open(agent, protocol, subject);
  const strip = agent.getByRole("complementary", { name: "Como este atendimento chegou aqui" });
  await strip.getByText("Técnico marcado para sexta").waitFor();

  // She answers, and calls for help meanwhile.
  await agent.keyboard.press("r");
  await agent.keyboard.type("Bom dia, Rosa. O técnico");
  await boss.goto("/fila?view=all");
  await boss.locator('[data-company="typing"]').waitFor();
  await picture(boss, "lapis-na-fila");
  await agent.keyboard.press("Escape");
  await agent.keyboard.press("Shift+H");
  await agent.getByLabel("O que está acontecendo?").fill("Cliente muito nervosa");
  await agent.getByRole("button", { name: "Chamar a supervisão" }).click();
  const call = boss
    .getByRole("region", { name: "Pedidos de ajuda" })
    .getByRole("button", { name: /Ana Prado pede ajuda/ });
  await call.waitFor();
  await expectAccessible(boss, "a call for help");
  await picture(boss, "pedido-de-ajuda");
  await call.click();
  await boss.getByRole("heading", { name: subject }).waitFor();
  await expect.poll(() => call.count()).toBe(0);

  // The supervisor takes it over: she is told at once, and her text stays.
  await boss.keyboard.press("a");
  await boss
    .getByRole("dialog")
    .getByLabel("Por que você assume este ticket?")
    .fill("Vou ligar para a cliente agora");
  await boss.getByRole("dialog").getByRole("button", { name: "Assumir de outra pessoa" }).click();
  await agent.getByText(/assumiu este atendimento/).waitFor();
  await agent.getByText("Vou ligar para a cliente agora").first().waitFor();
  const text = agent.getByRole("textbox", { name: /Rosa Lima/ });
  expect(await text.inputValue()).toBe("Bom dia, Rosa. O técnico");
  expect(await text.getAttribute("readonly")).not.toBeNull();
  await expectAccessible(agent, "taken over");
  await picture(agent, "assumido-por-outra");
}, 180_000);

test("what was served is passed on with a reason", async () => {
  const subject = `Geladeira fazendo barulho ${stamp % 100_000}`;
  const { protocol } = await demand(subject);
  await open(agent, protocol, subject);
  await agent.keyboard.press("a");
  await agent.getByText("você está respondendo").first().waitFor();
  await agent.keyboard.press("Shift+P");
  const dialog = agent.getByRole("dialog", { name: "Passar adiante" });
  await dialog.getByLabel("Por quê").selectOption("language");
  await expectAccessible(agent, "passing on");
  await picture(agent, "passar-adiante");
  await dialog.getByRole("button", { name: "Passar adiante" }).click();
  await dialog.waitFor({ state: "detached" });
  await open(boss, protocol, subject);
  await boss.getByText(/Ana Prado passou adiante \(não fala o idioma\)/).waitFor();
}, 120_000);
