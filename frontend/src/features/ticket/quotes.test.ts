import { expect, test } from "vitest";
import { splitQuoted } from "./quotes";

test.each([
  [
    "a quote after its introduction",
    "Obrigado.\n\nEm seg., 3 de nov., Ana escreveu:\n> Oi\n> Tudo bem?",
    "Obrigado.",
  ],
  ["bare quoted lines at the end", "Certo.\n> antes\n> disso", "Certo."],
  ["a signature", "Até logo.\n-- \nAna\nGerente", "Até logo."],
  ["a phone's signature", "Ok\nEnviado do meu celular", "Ok"],
])("%s is folded", (_, body, said) => {
  expect(splitQuoted(body).said).toBe(said);
  expect(splitQuoted(body).folded).not.toBe("");
});

test.each([
  ["a plain message", "Só isto."],
  ["a quote answered below", "> Qual o prazo?\nSexta-feira."],
  ["nothing but a quote", "> tudo citado"],
])("%s stays whole", (_, body) => {
  expect(splitQuoted(body)).toEqual({ said: body, folded: "" });
});
