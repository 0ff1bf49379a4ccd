import { expect, test } from "vitest";
import { promisesFile } from "./promised";

test.each([
  "Segue em anexo a nota fiscal.",
  "O comprovante está anexado.",
  "Anexei a segunda via.",
  "As fotos vão anexas:",
  "ANEXO",
  "> pode mandar?\nSegue anexo.",
])("%j speaks of a file", (reply) => expect(promisesFile(reply)).toBe(true));

test.each([
  "Sua visita ficou para amanhã.",
  "A conexão caiu.",
  "> segue em anexo a foto\nRecebi, obrigada.",
  "Recebi.\n\nEm seg., 3 de nov., Ana escreveu:\n> Vai em anexo.",
  "A sala conexa.",
  "",
])("%j does not", (reply) => expect(promisesFile(reply)).toBe(false));
