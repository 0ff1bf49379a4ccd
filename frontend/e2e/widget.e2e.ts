import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { admin, launch, openWindow, picture, url } from "./browser";

const slug = `janela-${Date.now()}`;
const site = createServer((_, response) => {
  response.setHeader("Content-Type", "text/html; charset=utf-8");
  response.end(`<!doctype html><html lang="pt-BR"><title>Loja</title><meta name="viewport" content="width=device-width">
    <h1>Loja</h1><script src="${url}/widget.js" data-form="${slug}" data-label="Fale com a loja"></script>
    <script>document.querySelector("[data-form]").addEventListener("escuta:sent", (e) => { document.title = e.detail.protocol })</script>`);
});
let browser: Browser;

beforeAll(async () => {
  browser = await launch();
  await new Promise<void>((done) => site.listen(0, "127.0.0.1", done));
  const login = await fetch(`${url}/api/login`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(admin),
  });
  const { me } = (await login.json()) as { me: { csrf_token: string } };
  const cookie = login.headers.getSetCookie().map((c) => c.split(";")[0]);
  const made = await fetch(`${url}/api/forms`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Cookie: cookie.join("; "),
      "X-CSRF-Token": me.csrf_token,
    },
    body: JSON.stringify({
      slug,
      active: true,
      name: "Troca",
      kinds: ["solicitacao"],
      sites: [`http://127.0.0.1:${(site.address() as AddressInfo).port}`],
      fields: [{ key: "pedido", type: "text", label: "Número do pedido", required: true }],
    }),
  });
  expect(made.status).toBe(201);
});
afterAll(async () => {
  await browser.close();
  site.close();
});

test.each([1440, 390])(
  "on another site's page, %i pixels wide, a form without files is sent",
  async (width) => {
    const page = await (await openWindow(browser, { viewport: { width, height: 844 } })).newPage();
    const broken: string[] = [];
    page.on("pageerror", (error) => broken.push(error.message));
    await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
    await page.getByRole("button", { name: "Fale com a loja" }).click();
    const form = page.frameLocator("iframe");
    await form.getByLabel("Número do pedido").fill("4411");
    await form.getByRole("button", { name: "Enviar" }).click();
    const protocol = (await form.locator(".protocol").innerText()).replaceAll(/\D/g, "");
    expect(protocol).toHaveLength(17);
    await expect.poll(() => page.title()).toBe(protocol);
    await picture(page, `widget-${width}`);
    expect(broken).toEqual([]);
  },
);
