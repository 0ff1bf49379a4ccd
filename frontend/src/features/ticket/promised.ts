import { splitQuoted } from "./quotes";

// Portuguese first; answers to some customers are in Spanish or English.
const words =
  /(?<!\p{L})(anex(o|os|a|as|ei|ou|amos|ando)|anexad[oa]s?|adjunt[oa]s?|attach(ed|ment|ments)|enclosed)(?!\p{L})/iu;

/** Whether a reply speaks of a file. What it quotes does not count. */
export function promisesFile(reply: string): boolean {
  const { said } = splitQuoted(reply);
  return said.split("\n").some((line) => !line.trimStart().startsWith(">") && words.test(line));
}
