import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

// From the ground up. A file imports its own floor or those below; features do
// not know each other, and what needs two of them stands in app.
const floors = ["lib", "api", "ui", "features", "app"];
const source = join(import.meta.dirname, "..");

const place = (file: string) => {
  const [floor = "", feature = ""] = relative(source, file).split("/");
  return { level: floors.indexOf(floor), feature: floor === "features" ? feature : "" };
};

test("imports point down, and features do not import each other", () => {
  const wrong: string[] = [];
  const files = readdirSync(source, { recursive: true, encoding: "utf8" });
  for (const file of files.filter((f) => /\.tsx?$/.test(f) && !/\.test\.|^test\/|^main/.test(f))) {
    const from = place(join(source, file));
    const imports = readFileSync(join(source, file), "utf8").matchAll(/(?:from|import\() ?"(\.[^"]+)"/g);
    for (const [, target] of imports) {
      const to = place(resolve(dirname(join(source, file)), target!));
      const across = to.feature !== "" && from.feature !== "" && to.feature !== from.feature;
      if (to.level > from.level || across) wrong.push(`${file} imports ${target}`);
    }
  }
  expect(wrong).toEqual([]);
});
