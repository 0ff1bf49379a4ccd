import { expect, test } from "vitest";
import type { Happened } from "../../api/types";
import { text } from "../../lib/i18n";
import { me, people } from "../../test/samples";
import { describe as tell } from "./describe";

const names = { people, teams: me.teams };
const event = (kind: string, data: Happened["data"], actor_id: number | null = 8): Happened => ({
  kind,
  actor_id,
  data,
});

test.each<[string, Happened, string]>([
  ["a claim", event("ticket.claimed", { fence: 1 }), "Davi Prado assumiu"],
  [
    "a take-over with its reason",
    event("ticket.claimed", { take_over: true, reason: "férias" }),
    "Davi Prado assumiu de outra pessoa: férias",
  ],
  ["a change of status", event("ticket.status", { from: "open", to: "resolved" }), "Davi Prado: Resolvido"],
  [
    "fields, each in its own words",
    event("ticket.changed", {
      fields: { priority: { from: 3, to: 1 }, team_id: { from: 1, to: 2 }, tags: { from: [], to: ["vip"] } },
    }),
    "Davi Prado: prioridade Urgente, equipe Trocas, etiquetas vip",
  ],
  [
    "a field this build does not know",
    event("ticket.changed", { fields: { colour: { to: 1 } } }),
    "Davi Prado: alterou o ticket",
  ],
  [
    "of each clock the furthest it came",
    event(
      "clock.breached",
      {
        stages: [
          { clock: "resolution", stage: 50 },
          { clock: "resolution", stage: 75 },
          { clock: "first_response", stage: 100 },
        ],
      },
      null,
    ),
    "Solução: 75 % do prazo passou, Venceu o prazo de Primeira resposta",
  ],
  [
    "deadlines of a customer who is of another segment",
    event("ticket.planned", { why: "segment" }),
    "Prazos planejados de novo: o segmento do cliente mudou",
  ],
  ["deadlines of changed rules", event("ticket.planned", {}), "Prazos planejados de novo: as regras mudaram"],
  ["somebody who left the directory", event("ticket.released", {}, 99), "alguém devolveu à fila"],
  ["a kind this build does not know", event("ticket.unheard_of", {}), "Davi Prado alterou o ticket"],
])("tells %s", (_, happened, said) => {
  expect(tell(text, happened, names)).toBe(said);
});
