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
  url,
} from "./browser";

const mark = `${Date.now() % 1_000_000}`;
const agent = {
  name: "Lia Campos",
  email: `lia.${Date.now()}@example.test`,
  password: "uma frase bem comprida mesmo",
};
const title = `Pix fora do ar ${mark}`;
const outside = `Os pagamentos por Pix estão falhando. Estamos trabalhando nisso. (${mark})`;
const answer = `O Pix voltou (${mark}). Pode tentar de novo.`;

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => browser.close());

const customer = (n: number) =>
  openTicket({
    name: ["Rosa Lima", "Davi Melo", "Ivo Sá"][n],
    email: `cliente${n}.${Date.now()}@example.test`,
    kind: "reclamacao",
    subject: `Pix não passa ${mark} ${n}`,
    body: "Tentei três vezes e nada.",
  });

test("an incident is seen live by agents and customers, and one answer reaches all of its tickets", async () => {
  const [linked, chosen] = [await customer(0), await customer(1)];
  const boss = await (await openWindow(browser)).newPage();
  await makeAccount(agent);
  await logIn(boss, admin);

  const desk = await (await openWindow(browser, { colorScheme: "dark" })).newPage();
  await logIn(desk, agent, `/fila?view=all&t=${linked.protocol}`);
  await desk.getByRole("heading", { name: `Pix não passa ${mark} 0` }).waitFor();

  // The supervisor opens it: it stands over the agent's screen without a reload.
  await boss.goto("/incidentes");
  await boss.getByRole("heading", { name: "Incidentes" }).waitFor();
  await boss.getByRole("button", { name: "Novo incidente" }).click();
  const form = boss.getByRole("dialog");
  await form.getByLabel("O que está acontecendo").fill(title);
  await form.getByLabel("O que a equipe precisa saber").fill("O banco parceiro caiu. Não prometa horário.");
  await form.getByLabel("O que os clientes leem").fill(outside);
  await expectAccessible(boss, "a new incident");
  await picture(boss, "incidente-novo");
  await form.getByRole("button", { name: "Abrir o incidente" }).click();
  await boss.getByRole("heading", { name: title, level: 1 }).waitFor();
  await desk.getByRole("region", { name: "Incidentes em andamento" }).getByText(title).waitFor();

  // One key says that the ticket is about it.
  await desk.getByText(`Parece o incidente “${title}”`).waitFor();
  await expectAccessible(desk, "a ticket that looks like an incident");
  await picture(desk, "incidente-parecido-escuro");
  await desk.keyboard.press("i");
  await desk.getByText(`Faz parte do incidente “${title}”`).waitFor();
  await desk.getByText(`${agent.name} ligou ao incidente “${title}”`).waitFor();

  // Customers read it where they come in and on the page of a ticket of it.
  const visitor = await (await openWindow(browser)).newPage();
  await visitor.goto(`${url}/abrir`);
  await visitor.getByText(outside).waitFor();
  await expectAccessible(visitor, "a form while something is wrong");
  await picture(visitor, "incidente-no-formulario");
  const track = await (await openWindow(browser, { javaScriptEnabled: false })).newPage();
  await track.goto(linked.track_url);
  await track.getByText("Sabemos deste problema").waitFor();

  // The supervisor chooses another that may belong to it.
  await boss.reload();
  await boss.getByLabel(`Escolher Pix não passa ${mark} 1`).check();
  await boss.getByRole("button", { name: "Ligar 1 atendimento" }).click();
  const belong = boss.getByRole("region", { name: "Atendimentos deste incidente" });
  await belong.getByText(`Pix não passa ${mark} 1`).waitFor();
  await expectAccessible(boss, "an incident");
  await picture(boss, "incidente");

  // One answer to all: its effect first, then taken back, then sent.
  const send = async () => {
    await boss.getByRole("button", { name: "Responder a todos" }).click();
    const dialog = boss.getByRole("dialog");
    await dialog.getByLabel("Resposta").fill(`{nome}, ${answer} Protocolo {protocolo}.`);
    await dialog.getByText("O que vai acontecer").waitFor();
    await dialog.getByRole("button", { name: "Responder a 2 atendimentos" }).waitFor();
    await expectAccessible(boss, "one answer to all");
    await picture(boss, "incidente-responder");
    await dialog.getByRole("button", { name: "Responder a 2 atendimentos" }).click();
    await boss.getByText(/Começa em \d+ segundo/).waitFor();
  };
  await send();
  await picture(boss, "incidente-desfazer");
  await boss.getByRole("button", { name: "Desfazer" }).click();
  await boss.getByText("Desfeita antes de sair: ninguém recebeu.").waitFor();
  await send();
  await boss.getByText("2 de 2 atendimentos respondidos").waitFor({ timeout: 60_000 });
  // No mailbox is set up here, so that both are left to be called.
  await boss.getByText("2 atendimentos não receberam a resposta por e-mail").waitFor({ timeout: 60_000 });
  await boss.getByRole("button", { name: "Só quem falta avisar" }).click();
  await belong.getByText(`Pix não passa ${mark} 1`).waitFor();
  await expectAccessible(boss, "an incident whose answer has not reached all");
  await picture(boss, "incidente-respondido");

  for (const [at, who] of [
    [linked, "Rosa Lima"],
    [chosen, "Davi Melo"],
  ] as const) {
    await expect
      .poll(
        async () => {
          await track.goto(at.track_url);
          return track.getByText(`${who}, ${answer} Protocolo ${at.protocol}.`).count();
        },
        { timeout: 30_000 },
      )
      .toBe(1);
  }
  await picture(track, "incidente-acompanhar");
  await desk.getByRole("article").getByText(`Rosa Lima, ${answer} Protocolo ${linked.protocol}.`).waitFor();

  // A ticket that is put to it later gets the same by one press.
  const late = await customer(2);
  await desk.goto(`/fila?view=all&t=${late.protocol}`);
  await desk.getByText(`Parece o incidente “${title}”`).waitFor();
  await desk.getByRole("button", { name: /É sobre este incidente/ }).click();
  await desk.getByRole("button", { name: "Enviar a última notícia" }).click();
  await desk.getByRole("article").getByText(`Ivo Sá, ${answer} Protocolo ${late.protocol}.`).waitFor();
  await picture(desk, "incidente-noticia-escuro");

  // Who calls about it is put to it from the call's note, with what to say at hand.
  await desk.keyboard.press("F2");
  const call = desk.getByRole("dialog", { name: "Nota da chamada" });
  await call.getByLabel("Incidente em andamento").selectOption({ label: `É do incidente “${title}”` });
  await call.getByText("O banco parceiro caiu. Não prometa horário.").waitFor();
  await expectAccessible(desk, "a call about an incident");
  await picture(desk, "incidente-na-chamada-escuro");
  await desk.keyboard.press("Escape");

  // Solved: the banner goes, customers read that it is over.
  await boss.getByRole("button", { name: "Marcar como resolvido" }).click();
  await expect.poll(() => desk.getByRole("region", { name: "Incidentes em andamento" }).count()).toBe(0);
  await track.goto(linked.track_url);
  await track.getByText("Problema resolvido").waitFor();
}, 240_000);
