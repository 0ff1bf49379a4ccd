import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import { expect, inject, onTestFailed } from "vitest";

export const url = inject("url");
export const admin = inject("admin");

/** Where the pictures go that people look at. */
const shots = process.env.ESCUTA_E2E_SHOTS ?? join(tmpdir(), "escuta-screens");

export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox"], // Chromium refuses its sandbox as root, as in a container
  });

/** A window of its own: cookies, storage, language and zone of a desk in São Paulo. */
export async function openWindow(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<BrowserContext> {
  const context = await browser.newContext({
    baseURL: url,
    locale: "pt-BR",
    timezoneId: "America/Sao_Paulo",
    viewport: { width: 1440, height: 900 },
    ...options,
  });
  onTestFailed(() => tellWhatIsShown(context));
  return context;
}

/** What stood on the screens when a story broke off: where, what was announced, and a picture. */
async function tellWhatIsShown(context: BrowserContext): Promise<void> {
  for (const page of context.pages()) {
    const told = await page.locator("[role=alert], [role=status], [aria-live]").allInnerTexts();
    console.error(
      page.url(),
      told.filter((text) => text.trim() !== ""),
    );
    await picture(page, `failed-${new URL(page.url()).pathname.replaceAll("/", "_")}-${Date.now()}`);
  }
}

export async function logIn(
  page: Page,
  who: { email: string; password: string },
  to = "/fila?view=all",
): Promise<void> {
  await page.goto(to);
  await page.getByLabel("E-mail").fill(who.email);
  await page.getByLabel("Senha").fill(who.password);
  await page.getByRole("button", { name: "Entrar" }).click();
  await page.getByText("A tela está ao vivo").first().waitFor({ state: "attached" });
}

/** Nothing that axe knows of WCAG 2.2 AA may be wrong; what is except is a page of its own. */
export async function expectAccessible(page: Page, name: string, except = "#none"): Promise<void> {
  // Colours that are on their way from one theme to the other are neither's.
  await page.evaluate(() => {
    const ending = document
      .getAnimations()
      .filter((a) => Number.isFinite(Number(a.effect?.getComputedTiming().endTime)));
    return Promise.allSettled(ending.map((a) => a.finished)).then(() => undefined);
  });
  const found = await new AxeBuilder({ page })
    .exclude(except)
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
    // The edges that keep the focus inside what floats: they take it and pass it on at once.
    .exclude("[data-base-ui-focus-guard]")
    // A stranger's mail: nothing runs in there, axe neither.
    .exclude("iframe[sandbox]")
    .analyze();
  const wrong = found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`);
  expect(wrong, name).toEqual([]);
}

export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: join(shots, `${name}.png`) });
}

/** A ticket by the public form, as a customer's program sends it. */
export async function openTicket(
  body: Record<string, unknown>,
  at = url,
): Promise<{ protocol: string; track_url: string }> {
  const response = await fetch(`${at}/api/public/tickets`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": crypto.randomUUID() },
    body: JSON.stringify(body),
  });
  if (response.status !== 201) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as { protocol: string; track_url: string };
}

export interface Login {
  email: string;
  password: string;
}

/** Calls the API as somebody, with a session of their own. */
export async function callAs(who: Login, at = url) {
  const login = await fetch(`${at}/api/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(who),
  });
  if (!login.ok) throw new Error(`log-in of ${who.email}: ${login.status}`);
  const cookie = login.headers
    .getSetCookie()
    .map((c) => c.split(";")[0])
    .join("; ");
  const { me } = (await login.json()) as { me: { csrf_token: string } };
  return async <T = { id: number }>(
    path: string,
    body?: unknown,
    method = body ? "POST" : "GET",
  ): Promise<T> => {
    const response = await fetch(at + path, {
      method,
      headers: {
        "content-type": "application/json",
        cookie,
        "x-csrf-token": me.csrf_token,
        "idempotency-key": crypto.randomUUID(),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  };
}

/** Makes an account as the first admin does: an agent, or what else is said. */
export async function makeAccount(
  account: Login & { name: string; role?: string; teams?: number[] },
  at = url,
): Promise<{ id: number }> {
  return (await callAs(admin, at))("/api/accounts", { role: "agent", ...account });
}
