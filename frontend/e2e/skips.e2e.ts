import type { Browser } from "playwright-core";
import { afterAll, beforeAll, test } from "vitest";
import { admin, callAs, expectAccessible, launch, logIn, openTicket, openWindow, picture } from "./browser";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => browser.close());

test("a supervisor reads what was given back today, and a calendar is not removed by one press", async () => {
  const subject = `Mandarim ${Date.now() % 100_000}`;
  const demand = {
    name: "Rosa Lima",
    email: `rosa.${Date.now()}@example.test`,
    kind: "reclamacao",
    body: "你好",
  };
  const { protocol } = await openTicket({ ...demand, subject });
  await openTicket({ ...demand, subject: "Fogão sem chama" }); // there is something else to do
  const call = await callAs(admin);
  await call(`/api/tickets/${protocol}/claim`, {});
  await call("/api/queue/next", { skip: { ticket: protocol, reason: "other", word: "Só fala mandarim." } });
  const boss = await (await openWindow(browser, { reducedMotion: "reduce" })).newPage();
  await logIn(boss, admin, "/ajustes/distribuicao");
  await boss.getByRole("tab", { name: "Devolvidos hoje" }).click();
  await boss.getByRole("link", { name: subject }).waitFor();
  await boss.getByText("Só fala mandarim.").waitFor();
  await expectAccessible(boss, "what was skipped");
  await picture(boss, "devolvidos");
  await boss.emulateMedia({ colorScheme: "dark" });
  await expectAccessible(boss, "what was skipped, dark");
  await picture(boss, "devolvidos-escuro");

  const open = [{ from: 480, to: 1080 }];
  await call("/api/calendars", {
    name: "Loja Centro",
    zone: "America/Sao_Paulo",
    week: [[], open, open, open, open, open, []],
    holidays: "national",
    state: "",
    optional: false,
    days: [],
  });
  await boss.goto("/ajustes/calendarios");
  await boss
    .getByRole("button", { name: /Loja Centro/ })
    .first()
    .click();
  await boss.getByText("São Paulo").first().waitFor({ state: "attached" });
  await boss.getByRole("button", { name: "Remover", exact: true }).last().click();
  await boss.getByRole("dialog", { name: "Remover Loja Centro?" }).waitFor();
  await expectAccessible(boss, "a calendar is removed, dark");
  await picture(boss, "calendario-remover-escuro");
  await boss.emulateMedia({ colorScheme: "light" });
  await picture(boss, "calendario-remover");
  await boss.getByRole("dialog").getByRole("button", { name: "Remover" }).click();
  await boss.getByText("Loja Centro").last().waitFor({ state: "detached" });
}, 120_000);
