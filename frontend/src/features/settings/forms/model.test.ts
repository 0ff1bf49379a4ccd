import { describe, expect, test } from "vitest";
import { keyOf, moved, newField, slugOf, snippet } from "./model";

const field = (key: string, show?: string) => ({
  ...newField("text", key, []),
  key,
  show: show ? { field: show, is: "filled" as const, value: "" } : null,
});

describe("a form's names", () => {
  test.each([
    ["Troca e devolução", "troca-e-devolucao"],
    ["  2ª via – boleto!  ", "2a-via-boleto"],
    ["ã".repeat(60), "a".repeat(40)],
  ])("%s", (name, slug) => expect(slugOf(name)).toBe(slug));

  test("a key is free, and no name of the page's own", () => {
    expect(keyOf("Número do pedido", [])).toBe("numero_do_pedido");
    expect(keyOf("Pedido", ["pedido", "pedido_2"])).toBe("pedido_3");
    expect(keyOf("Kind", [])).toBe("kind_2");
    expect(keyOf("2026", [])).toBe("campo");
  });

  test("a second field of one kind has a label of its own", () => {
    expect(newField("cpf", "CPF", [newField("cpf", "CPF", [])]).label).toBe("CPF 2");
  });
});

test("moving a field keeps the others in order, and no condition looks ahead", () => {
  const fields = [field("a"), field("b", "a"), field("c")];
  expect(moved(fields, 2, 0).map((f) => f.key)).toEqual(["c", "a", "b"]);
  expect(moved(fields, 0, 9).map((f) => [f.key, f.show])).toEqual([
    ["b", null],
    ["c", null],
    ["a", null],
  ]);
  expect(moved(fields, 2, 0)[2]?.show?.field).toBe("a");
});

test("the snippet names the form at our address", () => {
  const form = { url: "https://sac.example/abrir/troca", slug: "troca" } as Parameters<typeof snippet>[0];
  expect(snippet(form)).toBe('<script src="https://sac.example/widget.js" data-form="troca" async></script>');
});
