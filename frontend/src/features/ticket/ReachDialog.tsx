import { useState } from "react";
import type { TicketRow } from "../../api/types";
import { useText } from "../../lib/i18n";
import { Dialog } from "../../ui/Dialog";
import { Tabs } from "../../ui/Tabs";
import { CopiesForm } from "./CopiesForm";
import { LetterForm } from "./LetterForm";
import styles from "./reach.module.css";
import { TextForm } from "./TextForm";

type Tab = "letter" | "sms" | "copy";

/** The ways to a customer beside the ticket's own: on paper, by SMS, and copies that they ask for. */
export default function ReachDialog({ row, onClose }: { row: TicketRow; onClose: () => void }) {
  const t = useText();
  const [tab, setTab] = useState<Tab>("letter");
  // Whoever gets a letter may ask for a copy, too.
  const [address, setAddress] = useState(row.customer_name ? `${row.customer_name}\n` : "");
  return (
    <Dialog open wide onClose={onClose} title={t("reach.title")}>
      <div className={styles.dialog}>
        <Tabs<Tab>
          label={t("reach.title")}
          value={tab}
          onChange={setTab}
          tabs={[
            { value: "letter", name: t("reach.letter") },
            { value: "sms", name: t("reach.sms") },
            { value: "copy", name: t("reach.copy") },
          ]}
        >
          {tab === "letter" && <LetterForm row={row} typed={address} onType={setAddress} onDone={onClose} />}
          {tab === "sms" && <TextForm row={row} onDone={onClose} />}
          {tab === "copy" && <CopiesForm row={row} typed={address} onType={setAddress} />}
        </Tabs>
      </div>
    </Dialog>
  );
}
