import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { admin, expectAccessible, launch, logIn, openWindow, picture } from "./browser";
import { send } from "./smtp";

const stamp = Date.now() % 1_000_000;
const machine = `pedidos.${stamp}@loja.example`;

const mail = (n: number) =>
  [
    `From: Loja Parceira <${machine}>`,
    "To: SAC <sac@aroeira.example>",
    `Subject: Pedido ${stamp}-${n} com erro`,
    `Message-ID: <${stamp}.${n}@loja.example>`,
    "Date: Sun, 22 Nov 2026 09:00:00 -0300",
    "MIME-Version: 1.0",
    'Content-Type: multipart/mixed; boundary="x"',
    "",
    "--x",
    "Content-Type: text/plain; charset=utf-8",
    "",
    `O pedido ${n} falhou. <script>alert(1)</script>`,
    "--x",
    'Content-Type: text/csv; name="itens.csv"',
    "Content-Disposition: attachment; filename=itens.csv",
    "",
    "a;b",
    "--x--",
    "",
  ].join("\r\n");

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
  // One address opens at most so many tickets an hour; what comes after waits for a person.
  for (let n = 1; n <= 23; n++) await send(machine, mail(n));
  await send("", Buffer.from([0, 0, 0, 13, 10]));
});
afterAll(async () => browser.close());

/** In both sets of colours, as somebody who changes them while the page is open. */
async function look(page: Page, name: string): Promise<void> {
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme });
    await expectAccessible(page, `${name} ${colorScheme}`);
    await picture(page, `entradas-${name}-${colorScheme}`);
  }
}

/** Presses a key until what has the focus is called so. */
async function reach(page: Page, key: string, name: RegExp): Promise<void> {
  for (let i = 0; i < 40; i++) {
    const at = page.locator(":focus");
    const called = (await at.count())
      ? `${await at.getAttribute("aria-label")} ${await at.textContent()}`
      : "";
    if (name.test(called)) return;
    await page.keyboard.press(key);
  }
  throw new Error(`${key} never reaches ${name}`);
}

test("by keyboard: what waits is looked at, tried again, discarded and erased", async () => {
  const page = await (
    await openWindow(browser, { viewport: { width: 1280, height: 860 }, reducedMotion: "reduce" })
  ).newPage();
  page.setDefaultTimeout(20_000);
  const dialogs: string[] = [];
  page.on("dialog", (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  await logIn(page, admin, "/entradas");
  await page.getByText("A conta fecha").waitFor();
  await look(page, "contas");

  await page.getByRole("tab", { name: "Contas por dia" }).focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  const first = page.getByRole("button", { name: `Pedido ${stamp}-23 com erro` });
  await first.waitFor();
  await look(page, "quarentena");

  await reach(page, "Tab", new RegExp(`Pedido ${stamp}-23 com erro`));
  await page.keyboard.press("Enter");
  const told = page.getByRole("region", { name: "O que esta entrada diz de si" });
  await told.getByText(`Loja Parceira <${machine}>`).waitFor();
  await told.getByText("itens.csv (text/csv, 3 B)").waitFor();
  await told.getByText("<script>alert(1)</script>").waitFor();
  await page.getByText(`Message-ID: <${stamp}.23@loja.example>`).first().waitFor();
  await look(page, "original");
  await reach(page, "Tab", /Tentar de novo/);
  await page.keyboard.press("Enter");
  await page.getByText("Entrada processada.").first().waitFor();
  await first.waitFor({ state: "detached" });

  await page.getByRole("button", { name: `Pedido ${stamp}-22 com erro` }).focus();
  await page.keyboard.press("Enter");
  await told.waitFor();
  await reach(page, "Tab", /^null Descartar/);
  await page.keyboard.press("Enter");
  await page.getByLabel("Por que descartar?").focus();
  await page.keyboard.type("aviso de uma máquina");
  await page.keyboard.press("Enter");
  await page.getByText("Entrada descartada.").first().waitFor();

  await page.getByRole("tab", { name: /Descartadas/ }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: `Pedido ${stamp}-22 com erro` }).focus();
  await page.keyboard.press("Enter");
  await reach(page, "Tab", /Apagar…/);
  await page.keyboard.press("Enter");
  await page.getByLabel("Por que apagar?").focus();
  await page.keyboard.type("pedido do titular");
  await look(page, "apagar");
  await page.keyboard.press("Enter");
  await page.getByText("Original apagado.").first().waitFor();
  await page.getByText("pedido do titular").first().waitFor();
  await page.getByRole("button", { name: `Pedido ${stamp}-22 com erro` }).waitFor({ state: "detached" });

  await page.getByRole("tab", { name: "Origens" }).focus();
  await page.keyboard.press("Enter");
  const hours = page.getByLabel("Horas úteis de silêncio até o aviso: E-mail", { exact: false }).first();
  await hours.focus();
  await page.keyboard.press("Control+A");
  await page.keyboard.type("4");
  await page.keyboard.press("Enter");
  await page.getByText("aviso ajustado").first().waitFor();
  await look(page, "origens");
  await page.reload();
  await page.getByRole("tab", { name: "Origens" }).click();
  expect(await hours.inputValue()).toBe("4");
  expect(dialogs).toEqual([]);
});
