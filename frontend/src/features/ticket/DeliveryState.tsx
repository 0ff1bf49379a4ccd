import { Check, CircleAlert, Clock3, Send, Undo2 } from "lucide-react";
import type { Message } from "../../api/types";
import { useText } from "../../lib/i18n";
import styles from "./DeliveryState.module.css";
import { deliveryInWords } from "./mailWords";

const icons = { queued: Clock3, sent: Send, delivered: Check, failed: CircleAlert, undone: Undo2 };

/** How far a message of ours has come. */
export function DeliveryState({ delivery }: { delivery: Message["delivery"] }) {
  const t = useText();
  if (delivery === "none") return null;
  const Icon = icons[delivery];
  return (
    <span className={`${styles.state} ${delivery === "failed" ? styles.failed : ""}`}>
      <Icon aria-hidden /> {t(`delivery.${delivery}`)}
    </span>
  );
}

/** Why a message of ours waits or did not arrive, and what can be done. */
export function DeliveryReason({ message }: { message: Message }) {
  const t = useText();
  const words = deliveryInWords(t, message);
  if (words === "") return null;
  return <p className={`${styles.reason} ${message.delivery === "failed" ? styles.failed : ""}`}>{words}</p>;
}
