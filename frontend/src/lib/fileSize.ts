import type { Translate } from "./i18n";

/** "14 kB", "2.3 MB", in the reader's language. */
export function fileSize(t: Translate, bytes: number): string {
  return bytes < 1_000_000
    ? t("file.kb", { n: Math.max(1, Math.round(bytes / 1000)) })
    : t("file.mb", { n: Math.round(bytes / 100_000) / 10 });
}
