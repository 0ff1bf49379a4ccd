import { MessageCircleQuestion } from "lucide-react";
import { useState } from "react";
import { useFreshRow } from "../api/rows";
import type { TicketRow } from "../api/types";
import styles from "../features/ombudsman/cases.module.css";
import AreaStrip from "../features/ticket/AreaStrip";
import AskAreaDialog from "../features/ticket/AskAreaDialog";
import { useText } from "../lib/i18n";
import { Button } from "../ui/Button";

interface RequestsPartProps {
  row: TicketRow;
  over: boolean;
  onAsked: () => void;
}

/** What a case asks of areas, as its ticket shows it. Behind the wall no area is told whose it is. */
export function RequestsPart({ row, over, onAsked }: RequestsPartProps) {
  const t = useText();
  const fresh = useFreshRow(row) ?? row;
  const [asking, setAsking] = useState(false);
  return (
    <div className={styles.requests}>
      <AreaStrip row={fresh} none={t("cases.area.none")} />
      {!over && (
        <Button icon={<MessageCircleQuestion aria-hidden />} onClick={() => setAsking(true)}>
          {t("cases.area.new")}
        </Button>
      )}
      {asking && (
        <AskAreaDialog
          row={fresh}
          onClose={() => {
            setAsking(false);
            onAsked();
          }}
        />
      )}
    </div>
  );
}
