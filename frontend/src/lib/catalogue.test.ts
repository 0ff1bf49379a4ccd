import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { commands } from "./commands";
import catalogue from "./locales/pt-BR.json";

const source = join(import.meta.dirname, "..");
const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter(
  (f) => /\.tsx?$/.test(f) && !/test/.test(f),
);
const code = files.map((f) => readFileSync(join(source, f), "utf8")).join("\n");

// t(`status.${…}`) uses every text that begins so.
const prefixes = [...code.matchAll(/`([a-z_.]+)\$\{/g)].map((found) => found[1]!);

test("every text of the catalogue is used somewhere", () => {
  const unused = Object.keys(catalogue).filter(
    (id) => !code.includes(`"${id}"`) && !prefixes.some((prefix) => prefix !== "" && id.startsWith(prefix)),
  );
  expect(unused).toEqual([]);
});

test("other languages hold the same texts with the same values", () => {
  const values = (text: string) => [...text.matchAll(/\{(\w+)/g)].map((found) => found[1]).sort();
  for (const file of readdirSync(join(source, "lib/locales"))) {
    const other: Record<string, string> = JSON.parse(readFileSync(join(source, "lib/locales", file), "utf8"));
    expect(Object.keys(other).sort(), file).toEqual(Object.keys(catalogue).sort());
    for (const [id, text] of Object.entries(catalogue)) {
      expect([...new Set(values(other[id]!))], `${file} ${id}`).toEqual([...new Set(values(text))]);
    }
  }
});

test("no two commands share their keys", () => {
  const keys = Object.values(commands).map((c) => c.keys.join(" "));
  expect(new Set(keys).size).toBe(keys.length);
});

test("no text is written in a component", () => {
  const written = files
    .filter((f) => f.endsWith(".tsx"))
    .flatMap((f) => {
      const text = readFileSync(join(source, f), "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
      // Words between tags, apart from the product's name.
      return [...text.matchAll(/>\s*([A-Za-zÀ-ú][\wÀ-ú ,.]{3,})\s*</g)].map(
        (found) => `${f}: ${found[1]!.trim()}`,
      );
    })
    .filter((found) => !found.endsWith(": Escuta") && !/=>|Promise|Record|Ref|undefined/.test(found));
  expect(written).toEqual([]);
});
