import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { admin, callAs, expectAccessible, launch, logIn, openTicket, openWindow, picture } from "./browser";
import { type Server, serve } from "./server";

let browser: Browser;
let server: Server;
beforeAll(async () => {
  // A server of its own: what is purged here is nobody else's.
  [browser, server] = await Promise.all([
    launch(),
    serve({ ESCUTA_ADMIN_EMAIL: admin.email, ESCUTA_ADMIN_PASSWORD: admin.password }),
  ]);
}, 120_000);
afterAll(async () => {
  await browser.close();
  await server.stop();
});

/** Lets years pass over what is there: it was resolved in 2019, and nothing of it is left to do. */
function age() {
  const at = "'2019-03-01 15:00Z'";
  const statements = [
    `UPDATE tickets SET status = 'closed', opened_at = ${at}, resolved_at = ${at}, closed_at = ${at}, updated_at = ${at}`,
    "UPDATE clocks SET state = 'met'",
    "UPDATE outbox SET state = 'sent'",
  ];
  execFileSync("psql", [server.engines.ESCUTA_DATABASE_URL, "-qc", statements.join(";")]);
}

async function look(page: Page, name: string) {
  for (const [colorScheme, width] of [
    ["dark", 390],
    ["light", 1440],
  ] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 900 });
    await expectAccessible(page, `${name} ${colorScheme}`);
    await picture(page, `${name}-${colorScheme}`);
  }
}

test("an admin holds a ticket, sees what would go and what stays, switches purging on and keeps the proof", async () => {
  const open = (name: string, subject: string) =>
    openTicket(
      {
        name,
        email: `${name.split(" ")[0]}@example.test`,
        kind: "reclamacao",
        subject,
        body: "Não funciona.",
      },
      server.url,
    );
  const kept = await open("Rosa Lima", "Portão sem motor");
  const gone = await open("Lia Costa", "Fogão sem chama");
  age();
  const page = await (await openWindow(browser, { baseURL: server.url })).newPage();
  await logIn(page, admin, `/fila?view=all&t=${kept.protocol}`);

  const part = page.getByRole("region", { name: "Guarda" });
  await part.getByText("até 01/03/2021").first().waitFor();
  await part.getByRole("button", { name: "Pôr retenção judicial" }).click();
  const dialog = page.getByRole("dialog", { name: "Pôr retenção judicial" });
  await dialog.getByLabel("Tudo de Rosa Lima").check();
  await dialog.getByLabel("Motivo").fill("Processo 0001234-56.2026");
  await picture(page, "guarda-reter");
  await dialog.getByRole("button", { name: "Pôr retenção judicial" }).click();
  await part.getByText("Processo 0001234-56.2026").waitFor();
  await part.scrollIntoViewIfNeeded();
  await picture(page, "guarda-retido");

  await page.goto("/ajustes/guarda");
  await page.getByText("A eliminação está desligada").waitFor();
  await page.getByText("não somem sozinhas depois dos 90 dias").waitFor();
  await page.getByText("Tudo de Rosa Lima").waitFor();
  await look(page, "guarda-desligada");

  // A rule of one's own is tried out before it is kept.
  await page.getByRole("button", { name: "Acrescentar regra" }).click();
  await page.getByLabel("Nome").fill("Contrato com o lojista");
  await page.getByLabel("Prazo", { exact: true }).fill("99");
  await page.getByText("Só para alguns atendimentos").click();
  await page.getByLabel("Elogio").check();
  await expectAccessible(page, "guarda-regra");
  await picture(page, "guarda-regra");
  await page.getByRole("button", { name: "Ver o efeito" }).click();
  await page.getByRole("button", { name: "Guardar a regra" }).click();
  await page.getByText("Contrato com o lojista").waitFor();

  await page.getByRole("button", { name: "Ver o que seria eliminado" }).click();
  await page.getByText("1 atendimento seria eliminado").waitFor();
  await page.getByRole("link", { name: gone.protocol }).waitFor();
  await page.getByText("1 fica, por retenção judicial").waitFor();
  await page.getByRole("link", { name: kept.protocol }).waitFor();
  await look(page, "guarda-efeito");
  await page.getByRole("button", { name: "Ligar a eliminação" }).click();
  await page.getByText("A eliminação está ligada").waitFor();
  // Before two in the morning no round has begun by itself.
  await (await callAs(admin, server.url))("/api/retention/runs", {}).catch(() => undefined);
  await page.reload();
  await page.getByRole("button", { name: /^Ver as provas/ }).click({ timeout: 60_000 });
  await page.getByRole("heading", { name: /^Eliminação de/ }).waitFor();
  await page.getByText(gone.protocol).waitFor();
  await look(page, "guarda-provas");
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Baixar as provas" }).click(),
  ]);
  const proofs = JSON.parse(readFileSync(await file.path(), "utf8")) as { proofs: { content: string }[] };
  expect(proofs.proofs.map((p) => (JSON.parse(p.content) as { protocols: string[] }).protocols)).toEqual([
    [gone.protocol],
  ]);
  await page.getByRole("button", { name: "Voltar" }).click();
  await page.getByText("As provas estão completas e como foram escritas.").waitFor();
  await picture(page, "guarda-ligada");

  // The customer's old link says kindly that there is nothing; the one that is held opens.
  const old = await fetch(gone.track_url, { redirect: "manual" });
  expect(old.status).toBe(404);
  expect(await old.text()).toContain("prazo de guarda");
  expect((await fetch(kept.track_url, { redirect: "manual" })).status).toBe(303);
}, 120_000);
