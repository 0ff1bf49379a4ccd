import type { LedgerItem } from "../../api/types";
import type { TextId, Translate } from "../../lib/i18n";

/** Why an entry has its fate, in plain words; a code nobody wrote a text for is shown as itself. */
export function reasonInWords(t: Translate, item: LedgerItem): string {
  if (item.remark !== "") return item.remark;
  if (item.reason === "") return t(`ledger.why.${item.fate}`);
  return known(t, `ledger.reason.${item.reason}`) ?? t("ledger.why.code", { code: item.reason });
}

export const failureInWords = (t: Translate, code: string): string =>
  known(t, `source.failure.${code}`) ?? t("source.failing.code", { code });

function known(t: Translate, id: string): string | undefined {
  const text = t(id as TextId);
  return text === id ? undefined : text;
}
