import { Bot } from "lucide-react";
import type { Message } from "../../api/types";
import { useText } from "../../lib/i18n";
import styles from "./AutomaticItem.module.css";
import { automaticInWords } from "./mailWords";
import { Moment, Said } from "./Said";

/** What a machine sent: one grey line that opens. Its customer does not see it, and it is nobody's turn by it. */
export function AutomaticItem({ ticketId, message }: { ticketId: number; message: Message }) {
  const t = useText();
  const { origin } = message;
  return (
    <details className={styles.automatic}>
      <summary>
        <Bot aria-hidden />
        <span>{automaticInWords(t, origin?.automatic ?? "")}</span>
        <span className={styles.name}>{message.author_name}</span>
        <Moment at={message.at} />
      </summary>
      <div className={styles.content}>
        <p className={styles.why}>
          {origin?.why ? t("mail.automatic.why", { why: origin.why }) : t("mail.automatic.means")}
        </p>
        <Said ticketId={ticketId} message={message} />
      </div>
    </details>
  );
}
