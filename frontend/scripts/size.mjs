// The shell is what a browser must load before the queue is usable: the entry,
// everything it imports statically, their style sheets, and one language.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const limit = 200_000;
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));

const files = new Set();
function collect(name) {
  const chunk = manifest[name];
  if (files.has(chunk.file)) return;
  files.add(chunk.file);
  for (const sheet of chunk.css ?? []) files.add(sheet);
  for (const next of chunk.imports ?? []) collect(next);
}
collect("index.html");
collect("src/lib/locales/pt-BR.json?lingui"); // asked for before the first paint

let total = 0;
for (const file of files) {
  const size = gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length;
  total += size;
  console.log(`${String(size).padStart(8)}  ${file}`);
}
console.log(`${String(total).padStart(8)}  shell, gzip (limit ${limit})`);
if (total > limit) {
  console.error("The shell is too large: load something of it later.");
  process.exit(1);
}
