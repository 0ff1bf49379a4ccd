import { FileDown } from "lucide-react";
import { useText } from "../../../lib/i18n";
import styles from "./Paper.module.css";

/** The sheet that proves a ticket's deadlines, or one of them, to be printed. */
export function Paper({ ticket, clock }: { ticket: number; clock?: number }) {
  const t = useText();
  const of = clock === undefined ? "" : `?clock=${clock}`;
  return (
    <a className={styles.paper} href={`/api/tickets/${ticket}/clocks/proof${of}`} download>
      <FileDown aria-hidden /> {t("clocks.proof")}
    </a>
  );
}
