import { defineConfig } from "@lingui/conf";
import { formatter } from "@lingui/format-json";

// Messages have ids of our own ("queue.claim") and live in one flat JSON file a
// language, so that TypeScript knows every id and a missing one does not compile.
export default defineConfig({
  sourceLocale: "pt-BR",
  locales: ["pt-BR", "en", "es"],
  fallbackLocales: { default: "pt-BR" },
  catalogs: [
    { path: "src/lib/locales/{locale}", include: ["src"] },
    { path: "src/lib/locales/screens/{locale}", include: ["src"] },
  ],
  format: formatter({ style: "minimal" }),
});
