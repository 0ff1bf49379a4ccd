import type { Kind } from "./types";

/** What the law and people call a demand, in the order in which they are offered. */
export const kinds = [
  "informacao",
  "duvida",
  "reclamacao",
  "contestacao",
  "suspensao",
  "cancelamento",
  "solicitacao",
  "elogio",
  "sugestao",
  "denuncia",
] as const satisfies Kind[];
