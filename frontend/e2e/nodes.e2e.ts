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
import { type Server, serve } from "./server";

// Two nodes on one database and one Redis, somebody at each.

const ana = { name: "Ana Prado", email: "ana@example.test", password: "mais uma frase bem comprida" };
const subject = "Fogão sem gás desde sexta";

let browser: Browser;
let first: Server;
let second: Server;
beforeAll(async () => {
  browser = await launch();
  first = await serve({ ESCUTA_ADMIN_EMAIL: admin.email, ESCUTA_ADMIN_PASSWORD: admin.password });
  second = await serve(first.engines);
});
afterAll(async () => {
  await browser.close();
  await second.stop();
  await first.stop();
});

test("somebody on another node is seen, takes over with a reason, and fades when that node dies", async () => {
  const { protocol } = await openTicket(
    {
      name: "Rosa Lima",
      email: "rosa@example.test",
      kind: "reclamacao",
      subject,
      body: "O fogão não acende desde a troca do registro.",
    },
    first.url,
  );
  const boss = await (await openWindow(browser, { baseURL: second.url })).newPage();
  await makeAccount(ana, second.url);
  await logIn(boss, admin);

  // She writes at the first node; the second shows the pencil, and who is there.
  const agent = await (await openWindow(browser, { baseURL: first.url, colorScheme: "dark" })).newPage();
  await logIn(agent, ana, `/fila?view=all&t=${protocol}`);
  await agent.getByRole("heading", { name: subject }).waitFor();
  await agent.getByRole("button", { name: "Encaminhar" }).waitFor();
  await agent.keyboard.press("r");
  await agent.keyboard.type("Bom dia, Rosa. O técnico");
  await boss.goto("/fila?view=all");
  await boss.locator('[data-company="typing"]').waitFor();
  const team = agent.getByRole("list", { name: "Equipe agora" });
  await team.getByText("Administração").waitFor();
  await boss.goto(`/fila?view=all&t=${protocol}`);
  await boss.getByRole("heading", { name: subject }).waitFor();
  await boss
    .getByText(/Ana Prado também está aqui/)
    .first()
    .waitFor();
  await expectAccessible(boss, "somebody else's draft, from another node");
  await picture(boss, "dois-nos-rascunho");

  // Taken over at the second node: she is told at the first, and keeps her text.
  await boss.keyboard.press("a");
  const dialog = boss.getByRole("dialog");
  await dialog.getByLabel("Por que você assume este ticket?").fill("Vou ligar para a cliente agora");
  await dialog.getByRole("button", { name: "Assumir de outra pessoa" }).click();
  await agent.getByText(/assumiu este atendimento/).waitFor();
  await agent.getByText("Vou ligar para a cliente agora").first().waitFor();
  const text = agent.getByRole("textbox", { name: /Rosa Lima/ });
  expect(await text.inputValue()).toBe("Bom dia, Rosa. O técnico");
  expect(await text.getAttribute("readonly")).not.toBeNull();
  for (const name of [/^Enviar e resolver/, /^Enviar(?! e)/])
    expect(await agent.getByRole("button", { name }).isDisabled()).toBe(true);
  await expectAccessible(agent, "taken over from another node");
  await picture(agent, "dois-nos-assumido-escuro");

  // The second node dies: whom it had fades within seconds.
  await second.kill();
  const died = Date.now();
  await expect.poll(() => team.getByText("Administração").count(), { timeout: 30_000 }).toBe(0);
  expect(Date.now() - died).toBeLessThan(30_000);
  await picture(agent, "dois-nos-um-so-escuro");
}, 240_000);
