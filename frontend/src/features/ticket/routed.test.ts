import { expect, test } from "vitest";
import type { Happened } from "../../api/types";
import { text } from "../../lib/i18n";
import { people } from "../../test/samples";
import { describeRouted } from "./routed";

const now = Date.parse("2026-11-22T15:00:00Z");
const tell = (data: Happened["data"]) =>
  describeRouted(text, { kind: "ticket.routed", actor_id: null, data }, people, now);

test("who got a ticket and why, in one line", () => {
  expect(
    tell({
      to: 8,
      due: "2026-11-22T18:40:00Z",
      skills: ["Garantia"],
      load: 3,
      capacity: 8,
      bond: "customer",
      met: "2026-11-12T12:00:00Z",
    }),
  ).toBe(
    "Atribuído a Davi Prado pela distribuição: vence primeiro às 15:40, habilidade Garantia, 3 de 8 em mãos, falou com o cliente em qui., 12 de nov.",
  );
});

test("a deadline of another day is told with its day", () => {
  expect(tell({ to: 8, due: "2026-11-23T15:00:00Z", load: 1, capacity: 2 })).toBe(
    "Atribuído a Davi Prado pela distribuição: vence primeiro em seg., 23 de nov., 12:00, 1 de 2 em mãos",
  );
});

test("whom it was taken off, and to whom it went", () => {
  expect(tell({ from: 7, to: 8, gone: "off_shift", load: 1, capacity: 10 })).toBe(
    "Passou de Rosa Lima, que está fora do turno, a Davi Prado pela distribuição: sem prazo, 1 de 10 em mãos",
  );
  expect(tell({ from: 7, gone: "offline" })).toBe("Voltou à fila: Rosa Lima saiu há mais de um minuto");
  expect(tell({ from: 99, gone: "something new" })).toBe("Voltou à fila: alguém não está");
});
