import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, test } from "vitest";
import { admin, expectAccessible, launch, logIn, openTicket, openWindow, picture } from "./browser";

const agent = {
  name: "Lia Rocha Prates",
  email: `lia.${Date.now()}@example.test`,
  password: "mais uma frase bem comprida",
};

/** A team of its own: the tickets of the other stories stay where they are. */
const team = `Plantão ${Date.now() % 100_000}`;

let browser: Browser;
let boss: Page;
beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => browser.close());

/** A call to the API as the page's person makes it. */
const call = <T>(page: Page, method: string, path: string, body?: unknown): Promise<T> =>
  page.evaluate(
    async ([method, path, body]) => {
      const { csrf_token } = await (await fetch("/api/me")).json();
      const answer = await fetch(path, {
        method,
        headers: { "content-type": "application/json", "x-csrf-token": csrf_token },
        ...(body && { body }),
      });
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
      return answer.json();
    },
    [method, path, body === undefined ? "" : JSON.stringify(body)] as const,
  );

/** A ticket of the story's team. */
async function ask(subject: string): Promise<string> {
  const { protocol } = await openTicket({
    name: "Rosa Lima",
    email: `rosa.${Date.now()}@example.test`,
    kind: "reclamacao",
    subject,
    body: "O fogão não acende desde a troca do registro.",
  });
  const { ticket } = await call<{ ticket: { version: number } }>(boss, "GET", `/api/tickets/${protocol}`);
  const { items } = await call<{ items: { id: number; name: string }[] }>(boss, "GET", "/api/teams");
  await call(boss, "PATCH", `/api/tickets/${protocol}`, {
    version: ticket.version,
    team_id: items.find(({ name }) => name === team)?.id,
  });
  return protocol;
}

/** Opens the settings of what the agent is given. */
async function arrange(): Promise<void> {
  await boss.goto("/ajustes/distribuicao");
  await boss.getByRole("tab", { name: "Pessoas" }).click();
  await boss.getByRole("button", { name: `Arrumar o que ${agent.name} recebe` }).click();
}

test("the desk gives the oldest due to who is here and can, and says why", async () => {
  boss = await (await openWindow(browser)).newPage();
  await logIn(boss, admin, "/ajustes/equipes");
  await boss.getByLabel("Nova equipe").fill(team);
  await boss.getByRole("button", { name: "Criar equipe" }).click();
  await boss.getByText(team).waitFor();
  await boss.goto("/ajustes/pessoas");
  await boss.getByRole("button", { name: "Nova conta" }).click();
  const form = boss.getByRole("dialog");
  await form.getByLabel("Nome").fill(agent.name);
  await form.getByLabel("E-mail").fill(agent.email);
  await form.getByLabel("Senha inicial").fill(agent.password);
  await form.getByLabel(team).check();
  await form.getByRole("button", { name: "Criar conta" }).click();
  await boss.getByText(agent.email).waitFor();

  // A skill that Spanish tickets demand, and how much Lia is given at once.
  await boss.goto("/ajustes/distribuicao");
  const settings = boss.getByRole("form", { name: team });
  await settings.getByLabel("Como os atendimentos chegam").selectOption("push");
  await expectAccessible(boss, "the teams");
  await picture(boss, "distribuicao-equipes");
  await settings.getByRole("button", { name: "Salvar" }).click();
  await boss.getByText(`${team}: gravado`).waitFor();
  await boss.getByRole("tab", { name: "Habilidades" }).click();
  await boss.getByLabel("Nova habilidade").fill("Garantia");
  await boss.getByRole("button", { name: "Criar habilidade" }).click();
  await boss.getByRole("button", { name: "Dizer o que a exige" }).click();
  await boss.getByLabel("Motivo, com tudo abaixo dele").selectOption({ label: "Produto › Garantia" });
  await expectAccessible(boss, "a rule");
  await boss.getByRole("button", { name: "Gravar regra" }).click();
  await boss.getByText("motivo Produto › Garantia").waitFor();
  await picture(boss, "distribuicao-habilidades");
  await arrange();
  await boss.getByLabel("Garantia").check();
  await boss.getByLabel("No total").fill("2");
  await boss.getByRole("button", { name: "Salvar" }).click();
  await boss.getByText(`${agent.name}: gravado`).waitFor();
  await boss.getByRole("button", { name: "Adicionar turno" }).click();
  await boss.getByText("08:00–17:00").first().waitFor();
  await expectAccessible(boss, "a person");
  await picture(boss, "distribuicao-pessoa");

  // Two wait. Lia comes and gets both; the third finds no room.
  const suffix = Date.now() % 100_000;
  const first = await ask(`Fogão sem gás ${suffix}`);
  await ask(`Forno frio ${suffix}`);
  const lia = await (await openWindow(browser, { colorScheme: "dark" })).newPage();
  await logIn(lia, agent, `/fila?view=all&t=${first}`);
  await lia.getByRole("heading", { name: `Fogão sem gás ${suffix}` }).waitFor();
  await lia.getByText(`Atribuído a ${agent.name} pela distribuição: vence primeiro`).waitFor();
  await lia.getByText("com você").first().waitFor();
  await lia.getByRole("button", { name: "por quê?", exact: true }).click();
  await lia.getByText(`A distribuição deu a ${agent.name}`).waitFor();
  await lia.getByText("1 de 2 em mãos").first().waitFor();
  await lia.getByText("no limite", { exact: true }).waitFor();
  await expectAccessible(lia, "why it is whose it is");
  await picture(lia, "distribuicao-por-que");
  const third = await ask(`Torneira quebrada ${suffix}`);
  await boss.goto(`/fila?view=all&t=${third}`);
  await boss.getByRole("button", { name: "sem responsável: por quê?" }).click();
  await boss.getByText("Ninguém pode receber agora.").waitFor();
  await boss.getByText("no limite", { exact: true }).waitFor();
  await picture(boss, "distribuicao-por-que-ninguem");

  // In a break she is given nothing, though there is room; afterwards she is.
  await call(lia, "PUT", "/api/me/state", { state: "break", reason: "rest" });
  await arrange();
  await boss.getByLabel("No total").fill("5");
  await boss.getByRole("button", { name: "Salvar" }).click();
  await boss.getByText(`${agent.name}: gravado`).waitFor();
  await boss.goto(`/fila?view=all&t=${third}`);
  await boss.getByRole("button", { name: "sem responsável: por quê?" }).click();
  await boss.getByRole("cell", { name: "em pausa" }).waitFor();
  await call(lia, "PUT", "/api/me/state", { state: "available" });
  await boss.getByText(`Atribuído a ${agent.name} pela distribuição`).waitFor();
}, 180_000);
