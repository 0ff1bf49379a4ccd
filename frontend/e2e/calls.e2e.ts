import { createHmac } from "node:crypto";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { admin, expectAccessible, launch, logIn, openTicket, openWindow, picture, url } from "./browser";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => browser.close());

const serial = `${Date.now() % 100_000}`.padStart(5, "0");
const mobile = `119${serial}123`;

/** An event of the telephone exchange, signed as it signs. */
async function exchange(hook: string, secret: string, event: Record<string, string>): Promise<void> {
  const body = JSON.stringify({ id: crypto.randomUUID(), at: new Date().toISOString(), ...event });
  const seconds = Math.floor(Date.now() / 1000);
  const v1 = createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex");
  const answer = await fetch(hook, {
    method: "POST",
    headers: { "content-type": "application/json", "x-escuta-signature": `t=${seconds},v1=${v1}` },
    body,
  });
  expect(answer.status, await answer.text()).toBe(202);
}

/** Both looks of what is on screen, for people and for axe. */
async function look(page: Page, name: string): Promise<void> {
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme });
    await expectAccessible(page, `${name}, ${colorScheme}`);
    await picture(page, colorScheme === "dark" ? `${name}-dark` : name);
  }
}

const digits = (text: string) => text.replace(/\D/g, "");

test("an agent's telephone: notes by keys, who called, what was said, whom we owe a call", async () => {
  const desk = await (await openWindow(browser, { colorScheme: "light", reducedMotion: "reduce" })).newPage();
  const older = await openTicket({
    kind: "duvida",
    subject: `Prazo do conserto ${serial}`,
    body: "Quando fica pronto?",
    name: "Rita Dourado",
    email: `rita.${serial}@example.test`,
  });
  await logIn(desk, admin, `/fila?view=all&t=${older.protocol}`);
  await desk.getByText("Quando fica pronto?").last().waitFor();

  // F2 over anything, with the cursor where one writes: also out of another text.
  await desk.keyboard.press("n");
  await desk.keyboard.press("F2");
  const panel = desk.getByRole("dialog", { name: "Nota da chamada" });
  await panel.getByText("Protocolo", { exact: true }).waitFor();
  await desk.keyboard.type("Geladeira não liga desde ontem");
  const protocol = digits((await panel.locator("strong").first().textContent()) ?? "");
  expect(protocol).toHaveLength(17);
  await panel.getByRole("button", { name: "Ler por extenso" }).press("Enter");
  await panel.getByText(/^dois zero dois meia/).waitFor();
  await panel.getByText("Guardada", { exact: true }).waitFor();

  // Who it is: nobody by this name, so they are registered.
  await panel.getByRole("combobox", { name: "CPF, telefone, nome ou protocolo" }).focus();
  await desk.keyboard.type(`Joana Prates ${serial}`);
  await panel.getByText(`Cadastrar “Joana Prates ${serial}”`).waitFor();
  await desk.keyboard.press("Enter");
  await panel.getByLabel("Telefone").fill(mobile);
  await desk.keyboard.press("Enter");
  await panel.getByRole("button", { name: "Não é esta pessoa" }).waitFor();
  await panel.getByRole("combobox", { name: "Motivo" }).focus();
  await desk.keyboard.type("gar");
  await panel.getByRole("listbox").getByRole("option").first().waitFor();
  await look(desk, "chamada");
  await desk.keyboard.press("Enter");
  await panel.getByRole("button", { name: "Trocar" }).waitFor();

  // A second call meanwhile: it is about what is open on the desk.
  await desk.keyboard.press("F2");
  await desk.keyboard.type("Pergunta do conserto");
  await panel.getByRole("button", { name: "É sobre o que está aberto" }).press("Enter");
  await panel.getByText(`Prazo do conserto ${serial}`).waitFor();
  await panel.getByRole("button", { name: "Resolvido" }).press("Enter");
  await desk.keyboard.type("O conserto fica pronto na sexta-feira.");
  await look(desk, "chamada-resolvida");
  await panel.getByRole("button", { name: "Encerrar como resolvido" }).press("Enter");
  await panel.waitFor({ state: "detached" });
  await desk.getByText("respondeu por telefone").first().waitFor();
  await desk.getByText("O conserto fica pronto na sexta-feira.").last().waitFor();
  await picture(desk, "chamada-atendimento");

  // The first one waited minimised; a reload loses nothing of it.
  await desk.reload();
  const chip = desk.getByRole("button", { name: new RegExp(`Joana Prates ${serial}`) }).last();
  await chip.waitFor();
  await chip.press("Enter");
  expect(await panel.getByRole("textbox", { name: /^Nota/ }).inputValue()).toBe(
    "Geladeira não liga desde ontem",
  );
  await panel.getByRole("button", { name: "Retornar às…" }).press("Enter");
  await panel.getByRole("button", { name: "Em 15 min" }).press("Enter");
  await look(desk, "chamada-retorno");
  await panel.getByRole("button", { name: "Marcar retorno" }).press("Enter");
  await panel.waitFor({ state: "detached" });

  await desk.locator("body").press("g");
  await desk.keyboard.press("r");
  const owed = desk.getByRole("listitem").filter({ hasText: `Joana Prates ${serial}` });
  await owed.getByText("Retorno prometido").waitFor();
  await owed.getByLabel("Não consegui").selectOption("no_answer");
  await owed.getByText("1 tentativa").waitFor();
  await look(desk, "retornos");
  await owed.getByRole("button", { name: "Falei" }).press("Enter");
  await owed.waitFor({ state: "detached" });

  // A cancellation: it takes effect at once, and that is said.
  const leaving = await openTicket({
    kind: "cancelamento",
    subject: `Cancelar o plano ${serial}`,
    body: "Quero cancelar o plano.",
    email: `ana.${serial}@example.test`,
  });
  await desk.goto(`/fila?view=all&t=${leaving.protocol}`);
  await desk.getByText("Cancelamento: faça e confirme agora").waitFor();
  await desk.getByLabel(/^Onde foi feito/).fill("Faturas, 8812");
  await look(desk, "obrigacao");
  await desk.keyboard.press("Enter");
  await desk.getByText(/^Cancelado com efeito desde .*Faturas, 8812/).waitFor();
  await picture(desk, "obrigacao-feita");
});

test("the exchange rings on the screen of the agent's telephone, and the note is the call's", async () => {
  const desk = await (await openWindow(browser, { colorScheme: "light", reducedMotion: "reduce" })).newPage();
  await logIn(desk, admin, "/ajustes/linhas");
  await desk.getByRole("button", { name: "Nova linha" }).press("Enter");
  await desk.keyboard.type(`0800 97 ${serial}`);
  await desk.getByLabel("Nome", { exact: true }).fill(`SAC ${serial}`);
  await desk.keyboard.press("Enter");
  const told = desk.getByRole("region", { name: "Segredo" });
  await told.waitFor();
  const [secret, hook] = await told.locator("code").allTextContents();
  await look(desk, "linhas");
  await told.getByRole("button", { name: "Já copiei" }).press("Enter");

  await desk.goto("/ajustes/preferencias");
  await desk.getByLabel("Ramal").fill(`7${serial}`);
  await desk.keyboard.press("Enter");
  await desk.getByText("Ramal guardado.").first().waitFor();
  await picture(desk, "ramal");

  const call = { call: `c-${serial}`, caller: `+55${mobile}`, extension: `7${serial}` };
  await exchange(hook!, secret!, { event: "queued", call: call.call, caller: call.caller });
  await exchange(hook!, secret!, { event: "ringing", ...call });
  const card = desk.getByRole("region", { name: "Ligação no seu ramal" });
  await card.getByText(`Joana Prates ${serial}`).waitFor();
  await look(desk, "chamada-tocando");
  await card.getByRole("button", { name: "Atender" }).press("Enter");
  const panel = desk.getByRole("dialog", { name: "Nota da chamada" });
  await panel.getByRole("button", { name: new RegExp(`^Joana Prates ${serial}`) }).waitFor();
  await exchange(hook!, secret!, { event: "answered", ...call });
  await panel.getByRole("button", { name: new RegExp(`^Joana Prates ${serial}`) }).press("Enter");
  await panel.getByRole("button", { name: "Não é esta pessoa" }).waitFor();

  // The note that was opened by hand is the exchange's call: there is no other.
  await exchange(hook!, secret!, { event: "hung_up", ...call });
  await panel.getByRole("button", { name: "Caiu a ligação" }).press("Enter");
  await panel.waitFor({ state: "detached" });
  await desk.goto("/retornos");
  await desk.getByText("A ligação caiu").first().waitFor();
  const mine = await desk.evaluate(async () => (await fetch("/api/calls?mine=true&open=true")).json());
  expect(mine.items).toHaveLength(0);
  await desk.goto("/ajustes/linhas");
  await desk
    .getByText(/^Último evento da central: /)
    .first()
    .waitFor();
  await picture(desk, "linhas-saude");
  expect(url).toMatch(/^http/);
});
