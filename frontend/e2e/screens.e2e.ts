import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { admin, expectAccessible, launch, logIn, openTicket, openWindow, picture, url } from "./browser";

let browser: Browser;
let protocol: string;

beforeAll(async () => {
  browser = await launch();
  const people = ["Júlia Arantes", "Caio Menezes", "Teresa Vidal", "Mercado Bom Dia"];
  for (const [at, name] of people.entries()) {
    const opened = await openTicket({
      name,
      email: `tela.${Date.now()}.${at}@example.test`,
      kind: ["reclamacao", "duvida", "cancelamento", "solicitacao"][at],
      subject: ["Pedido incompleto", "Prazo da garantia", "Cancelar o plano", "Segunda via do boleto"][at],
      body: "Bom dia. Preciso de ajuda com isto, por favor.",
    });
    protocol = opened.protocol;
  }
});
afterAll(async () => browser.close());

interface Screen {
  name: string;
  path: () => string;
  shown: (page: Page) => Promise<unknown>;
}

const screens: Screen[] = [
  {
    name: "fila",
    path: () => "/fila?view=all",
    shown: (p) =>
      p
        .getByRole("link", { name: /Pedido incompleto/ })
        .first()
        .waitFor(),
  },
  {
    name: "ticket",
    path: () => `/fila?view=all&t=${protocol}`,
    shown: (p) => p.getByText("Preciso de ajuda com isto").last().waitFor(),
  },
  {
    name: "fila-vazia",
    path: () => "/fila?view=breached",
    shown: (p) => p.getByText("Nada vencido.").waitFor(),
  },
  {
    name: "painel",
    path: () => "/painel",
    shown: (p) => p.getByRole("heading", { name: "Vencidos agora" }).waitFor(),
  },
  {
    name: "prazos",
    path: () => "/ajustes/prazos",
    shown: async (p) => {
      await p.getByRole("heading", { name: "Compromissos da empresa" }).waitFor();
      await p.getByRole("button", { name: "Ver os prazos" }).click();
      await p.getByText("SAC: resposta conclusiva").nth(1).waitFor();
    },
  },
  {
    name: "degraus",
    path: () => "/ajustes/prazos",
    shown: async (p) => {
      await p.getByRole("button", { name: "Mudar os avisos de SAC", exact: true }).click();
      await p.getByRole("group", { name: "Degrau 4" }).waitFor();
    },
  },
  {
    name: "guarda",
    path: () => "/ajustes/guarda",
    shown: async (p) => {
      await p.getByRole("button", { name: "Ver o que seria eliminado" }).click();
      await p.getByText("O que for eliminado não volta.").waitFor();
    },
  },
  {
    name: "calendarios",
    path: () => "/ajustes/calendarios",
    shown: async (p) => {
      await p.getByRole("heading", { name: "Prontos" }).waitFor();
      await p.getByRole("button", { name: /^Ver/ }).first().click();
      await p
        .getByRole("button", { name: /Finados/ })
        .first()
        .waitFor();
    },
  },
  {
    name: "preferencias",
    path: () => "/ajustes/preferencias",
    shown: (p) => p.getByLabel("Aparência").waitFor(),
  },
  {
    name: "sessoes",
    path: () => "/ajustes/sessoes",
    shown: (p) => p.getByText("esta sessão").first().waitFor(),
  },
  {
    name: "pessoas",
    path: () => "/ajustes/pessoas",
    shown: (p) => p.getByRole("button", { name: "Nova conta" }).waitFor(),
  },
  { name: "equipes", path: () => "/ajustes/equipes", shown: (p) => p.getByLabel("Nova equipe").waitFor() },
  {
    name: "sem-acesso",
    path: () => "/fila?view=all&t=20200101000000000",
    shown: (p) => p.getByRole("alert").first().waitFor(),
  },
];

describe.each(["light", "dark"] as const)("in %s", (colorScheme) => {
  test("the log-in", async () => {
    const context = await openWindow(browser, { colorScheme });
    const page = await context.newPage();
    await page.goto("/entrar");
    await page.getByLabel("E-mail").waitFor();
    await expectAccessible(page, "log-in");
    await picture(page, `entrar-${colorScheme}`);
    await context.close();
  });

  test("every screen is accessible", async () => {
    const context = await openWindow(browser, { colorScheme });
    const page = await context.newPage();
    const broken: string[] = [];
    page.on("pageerror", (error) => broken.push(error.message));
    await logIn(page, admin);
    for (const screen of screens) {
      await page.goto(screen.path());
      await screen.shown(page);
      await expectAccessible(page, `${screen.name} ${colorScheme}`);
      await picture(page, `${screen.name}-${colorScheme}`);
    }
    expect(broken).toEqual([]);
    await context.close();
  });

  test("what floats is accessible", async () => {
    const context = await openWindow(browser, { colorScheme });
    const page = await context.newPage();
    await logIn(page, admin, `/fila?view=all&t=${protocol}`);
    await page.getByText("Preciso de ajuda com isto").last().waitFor();

    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    await expectAccessible(page, "shortcuts");
    await picture(page, `atalhos-${colorScheme}`);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });

    await page.keyboard.press("Control+k");
    await page.locator("input[role=combobox]").fill("caio");
    await page
      .getByRole("option", { name: /Caio Menezes/ })
      .first()
      .waitFor();
    await expectAccessible(page, "palette");
    await picture(page, `comandos-${colorScheme}`);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });

    await page.locator("article header button[aria-haspopup=dialog]").first().click();
    await page.getByRole("dialog", { name: "Por que este prazo" }).getByText(/Vence/).first().waitFor();
    await picture(page, `prazo-${colorScheme}`);
    await page.keyboard.press("Escape");
    await context.close();
  });
});

test("on a phone a ticket can be read and left again", async () => {
  const context = await openWindow(browser, { viewport: { width: 390, height: 844 } });
  const page = await context.newPage();
  await logIn(page, admin);
  await page
    .getByRole("link", { name: /Segunda via do boleto/ })
    .first()
    .click();
  await page.getByRole("heading", { name: "Segunda via do boleto" }).waitFor();
  const wider = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  expect(wider).toBe(false);
  await picture(page, "ticket-phone");
  await page.getByRole("button", { name: "Voltar à fila" }).click();
  await page
    .getByRole("link", { name: /Pedido incompleto/ })
    .first()
    .waitFor();
  await context.close();
});

test("a desk that loses the server says so, and catches up by itself", async () => {
  const context = await openWindow(browser);
  const page = await context.newPage();
  await logIn(page, admin, "/fila?view=all&sort=newest");
  await context.setOffline(true);
  await page.evaluate(() => window.dispatchEvent(new Event("offline")));
  const subject = `Enquanto a rede caiu ${Date.now() % 100_000}`;
  await openTicket({
    name: "Rui Sá",
    email: `rui.${Date.now()}@example.test`,
    kind: "duvida",
    subject,
    body: "Olá.",
  });
  await context.setOffline(false);
  await page.getByRole("link", { name: new RegExp(subject) }).waitFor({ timeout: 60_000 });
  expect(page.url().startsWith(url)).toBe(true);
  await context.close();
});
