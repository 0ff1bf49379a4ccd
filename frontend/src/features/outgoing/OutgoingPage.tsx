import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { may, useMe } from "../../api/session";
import { useText } from "../../lib/i18n";
import { Tabs } from "../../ui/Tabs";
import { lettersQuery } from "./api";
import { Letters } from "./Letters";
import { OutList } from "./OutList";
import styles from "./outgoing.module.css";

type Tab = "all" | "letters";

/** Everything on its way to customers, and the letters that wait for a printer. */
export function OutgoingPage({ onOpen }: { onOpen: (protocol: string) => void }) {
  const t = useText();
  const sees = may(useMe(), "intake.see");
  const [tab, setTab] = useState<Tab>(sees ? "all" : "letters");
  const letters = useQuery(lettersQuery).data?.length ?? 0;
  return (
    <div className={`${styles.page} quiet-scroll`}>
      <h1 className={styles.title}>{t("outgoing.title")}</h1>
      <p className={styles.lead}>{t("outgoing.lead")}</p>
      <Tabs<Tab>
        label={t("outgoing.title")}
        value={tab}
        onChange={setTab}
        tabs={[
          ...(sees ? [{ value: "all" as const, name: t("outgoing.all") }] : []),
          {
            value: "letters",
            name: (
              <>
                {t("letters.title")} <span className={`${styles.count} numeric`}>{letters}</span>
              </>
            ),
          },
        ]}
      >
        {tab === "all" ? <OutList onOpen={onOpen} /> : <Letters onOpen={onOpen} />}
      </Tabs>
    </div>
  );
}
