import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { commands } from "./commands";
import shell from "./locales/pt-BR.json";
import screens from "./locales/screens/pt-BR.json";

const catalogue: Record<string, string> = { ...shell, ...screens };

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
  for (const [folder, ours] of Object.entries<Record<string, string>>({ "": shell, screens })) {
    const all = join(source, "lib/locales", folder);
    for (const file of readdirSync(all).filter((name) => name.endsWith(".json"))) {
      const other: Record<string, string> = JSON.parse(readFileSync(join(all, file), "utf8"));
      expect(Object.keys(other).sort(), file).toEqual(Object.keys(ours).sort());
      for (const [id, text] of Object.entries(ours)) {
        expect([...new Set(values(other[id]!))], `${file} ${id}`).toEqual([...new Set(values(text))]);
      }
    }
  }
});

test("no text stands in both catalogues", () => {
  expect(Object.keys(screens).filter((id) => id in shell)).toEqual([]);
});

test("what is loaded first says nothing of the later catalogue", () => {
  const seen = new Set<string>();
  const walk = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(file, "utf8").replace(/import type[^;]*;/g, "");
    // What withTexts loads brings them along; other parts that come later do not.
    const parts = text.replace(/withTexts\(\(\) => import\([^)]*\)\)/g, "");
    for (const [, target] of parts.matchAll(/(?:from|import\(?) ?"(\.[^"]+)"/g)) {
      const found = [".ts", ".tsx"].map((end) => join(dirname(file), target + end)).find(existsSync);
      if (found) walk(found);
    }
  };
  walk(join(source, "main.tsx"));
  expect(seen.size).toBeGreaterThan(60);
  const first = [...seen].map((file) => readFileSync(file, "utf8")).join("\n");
  expect(Object.keys(screens).filter((id) => first.includes(`"${id}"`))).toEqual([]);
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
