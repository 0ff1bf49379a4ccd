import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { admin, expectAccessible, launch, logIn, openTicket, openWindow, picture } from "./browser";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => browser.close());

const quarter = 15 * 60_000;

/** A full afternoon: what a fresh desk on any day and hour cannot have. */
function afternoon() {
  const first = Math.floor(Date.now() / quarter) * quarter;
  const share = (breached: number, hour: number, ahead: number, misses: number) => ({
    breached,
    hour,
    ahead,
    misses,
  });
  return {
    at: new Date().toISOString(),
    breached: 7,
    hour: 11,
    pace: 23.5,
    quarters: Array.from({ length: 16 }, (_, i) => ({
      from: new Date(first + i * quarter).toISOString(),
      due: [3, 5, 2, 1, 0, 4, 9, 12, 6, 3, 0, 0, 2, 7, 5, 1][i],
      misses: [1, 2, 0, 0, 0, 0, 3, 8, 2, 0, 0, 0, 0, 1, 0, 0][i],
    })),
    teams: [{ team_id: 1, ...share(7, 11, 60, 17) }],
    channels: [
      { channel: "phone", ...share(4, 6, 31, 9) },
      { channel: "email", ...share(3, 5, 29, 8) },
    ],
    regimes: [
      { regime_id: 1, name: "Compromissos da empresa", ...share(5, 9, 48, 15) },
      { regime_id: 2, name: "SAC", ...share(2, 2, 12, 2) },
    ],
  };
}

test("a supervisor sees what falls, whose it is and what will be missed, and narrows the board by its address", async () => {
  await openTicket({
    name: "Nei Prado",
    email: `nei.${Date.now()}@example.test`,
    kind: "reclamacao",
    subject: "Cobrança em dobro",
    body: "Veio duas vezes.",
  });
  for (const colorScheme of ["light", "dark"] as const) {
    const page = await (await openWindow(browser, { colorScheme })).newPage();
    // First the board of this desk as it is, whatever the hour.
    await logIn(page, admin, "/painel");
    const strip = page.getByRole("table", { name: "Próximas quatro horas, por quarto de hora" });
    await strip.waitFor();
    expect(await strip.getByRole("row").count()).toBe(17);
    await page.getByText(/no prazo em 30 dias|Nenhum prazo terminou em 30 dias/).waitFor();

    const asked: string[] = [];
    await page.route(
      (at) => at.pathname === "/api/board",
      (route) => {
        asked.push(new URL(route.request().url()).search);
        return route.fulfill({ json: afternoon() });
      },
    );
    await page.goto("/painel?channel=email");
    await page.getByText("Vão vencer neste ritmo").waitFor();
    await page.getByRole("button", { name: "Tirar o filtro E-mail" }).waitFor();
    await page.getByRole("button", { name: "SAC", exact: true }).click();
    await expect.poll(() => new URL(page.url()).search, { timeout: 15_000 }).toContain("regime=2");
    await expect.poll(() => asked.at(-1), { timeout: 15_000 }).toBe("?channel=email&regime=2");
    await page.getByRole("button", { name: "Tirar o filtro SAC" }).click();
    await page.getByRole("button", { name: "Tirar o filtro E-mail" }).click();
    await expect.poll(() => new URL(page.url()).search, { timeout: 15_000 }).toBe("");
    expect(await page.getByRole("link", { name: "4", exact: true }).getAttribute("href")).toBe(
      "/fila?view=breached&channel=phone",
    );
    await expectAccessible(page, `the board, ${colorScheme}`);
    await picture(page, colorScheme === "dark" ? "painel-cheio-escuro" : "painel-cheio");
    await page.close();
  }
}, 120_000);
