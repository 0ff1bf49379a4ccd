import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { LedgerFate } from "../../api/types";
import { useText } from "../../lib/i18n";
import { ErrorState, Skeleton } from "../../ui/states";
import { Tabs } from "../../ui/Tabs";
import { Accounts } from "./Accounts";
import { summaryQuery } from "./api";
import { EntryList } from "./EntryList";
import styles from "./IntakePage.module.css";
import { Proof } from "./Proof";
import { SourceAlarms } from "./SourceAlarms";
import { Sources } from "./Sources";

const drawers = [
  "quarantined",
  "pending",
  "automatic",
  "duplicate",
  "discarded",
] as const satisfies LedgerFate[];
type Tab = "accounts" | "sources" | (typeof drawers)[number];

/** Everything that came in is accounted for: the proof, and what waits for a person. */
export function IntakePage({ onOpen }: { onOpen: (protocol: string) => void }) {
  const t = useText();
  const [tab, setTab] = useState<Tab>("accounts");
  const summary = useQuery(summaryQuery);
  if (summary.isPending) return <Skeleton rows={8} />;
  if (summary.isError && !summary.data) {
    return <ErrorState error={summary.error} onRetry={() => void summary.refetch()} />;
  }
  const { by_fate: fates } = summary.data;
  return (
    <div className={`${styles.page} quiet-scroll`}>
      <h1 className={styles.title}>{t("intake.title")}</h1>
      <Proof summary={summary.data} />
      <SourceAlarms />
      <Tabs<Tab>
        label={t("intake.title")}
        value={tab}
        onChange={setTab}
        tabs={[
          { value: "accounts", name: t("intake.accounts") },
          ...drawers.map((fate) => ({
            value: fate,
            name: (
              <>
                {t(`ledger.fate.${fate}`)} <Count n={fates[fate] ?? 0} />
              </>
            ),
          })),
          { value: "sources", name: t("source.all") },
        ]}
      >
        {tab === "accounts" ? (
          <Accounts days={summary.data.days} />
        ) : tab === "sources" ? (
          <Sources />
        ) : (
          <EntryList key={tab} fate={tab} onOpen={onOpen} />
        )}
      </Tabs>
    </div>
  );
}

const Count = ({ n }: { n: number }) => <span className={`${styles.count} numeric`}>{n}</span>;
