import { i18n, type Messages } from "@lingui/core";
import { useLingui } from "@lingui/react";
import { useCallback } from "react";
import { arrives } from "./arrives";
import type catalogue from "./locales/pt-BR.json";
import type laterCatalogue from "./locales/screens/pt-BR.json";

/** Every text of the desk. An id that is not in a catalogue does not compile. */
export type TextId = keyof typeof catalogue | keyof typeof laterCatalogue;
export type Values = Record<string, string | number>;
export type Translate = (id: TextId, values?: Values) => string;

// One chunk a language, compiled at build time. A new file in locales/ is a new language.
const catalogues = import.meta.glob<{ messages: Messages }>("./locales/*.json", { query: "?lingui" });
const path = (locale: string) => `./locales/${locale}.json`;

// What only screens say that are loaded when they are asked for, and what floats over them.
const later = import.meta.glob<{ messages: Messages }>("./locales/screens/*.json", { query: "?lingui" });
const laterPath = (locale: string) => `./locales/screens/${locale}.json`;
let laterWanted = false;

export const fallbackLocale = "pt-BR";
export const locales = Object.keys(catalogues).map((file) =>
  file.slice("./locales/".length, -".json".length),
);

/** The best language we have for what the reader asked for ("pt" finds pt-BR). */
export function matchLocale(wanted: readonly string[]): string {
  for (const tag of wanted) {
    const language = tag.split("-")[0];
    const found = locales.find((l) => l === tag) ?? locales.find((l) => l.split("-")[0] === language);
    if (found) return found;
  }
  return fallbackLocale;
}

export async function activateLocale(wanted: string): Promise<void> {
  const locale = matchLocale([wanted]);
  if (i18n.locale === locale) return;
  const load = catalogues[path(locale)];
  if (!load) throw new Error(`no catalogue for ${locale}`);
  const { messages } = await load();
  i18n.loadAndActivate({ locale, messages });
  document.documentElement.lang = locale;
  if (laterWanted) await loadLaterTexts();
}

async function loadLaterTexts(): Promise<void> {
  laterWanted = true;
  const { locale } = i18n;
  const { messages } = await later[laterPath(locale)]!();
  i18n.load(locale, messages);
}

/** Loads a part of the desk together with the texts that it needs beyond those of the shell. */
export async function withTexts<T>(part: () => Promise<T>): Promise<T> {
  const [loaded] = await arrives(() => Promise.all([part(), loadLaterTexts()]));
  return loaded;
}

/** For code outside components; inside them use `useText`, which follows a change of language. */
export const text: Translate = (id, values) => i18n._(id, values);

export const currentLocale = () => i18n.locale || fallbackLocale;

export function useText(): Translate {
  const { i18n: active } = useLingui();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new language must give a new function
  return useCallback<Translate>((id, values) => active._(id, values), [active, active.locale]);
}
