import { Check, CircleAlert, Clock3, Send, Undo2 } from "lucide-react";
import type { Message } from "../../api/types";
import { type Translate, useText } from "../../lib/i18n";
import styles from "./DeliveryState.module.css";
import { deliveryInWords } from "./mailWords";

const icons = { queued: Clock3, sent: Send, delivered: Check, failed: CircleAlert, undone: Undo2 };

/** How far a message of ours has come. */
export function DeliveryState({ message: { delivery, way } }: { message: Message }) {
  const t = useText();
  if (delivery === "none") return null;
  const Icon = icons[delivery];
  return (
    <span className={`${styles.state} ${delivery === "failed" ? styles.failed : ""}`}>
      <Icon aria-hidden /> {stateInWords(t, delivery, way)}
    </span>
  );
}

/** A letter is printed and posted; an SMS goes as a mail does, but by name. */
function stateInWords(
  t: Translate,
  delivery: Exclude<Message["delivery"], "none">,
  way: Message["way"],
): string {
  if (way === "letter" && (delivery === "queued" || delivery === "sent"))
    return t(`delivery.letter.${delivery}`);
  const state = t(`delivery.${delivery}`);
  return way === "" ? state : t("delivery.by", { way: t(`delivery.way.${way as "sms"}`), state });
}

/** Why a message of ours waits or did not arrive, and what can be done. */
export function DeliveryReason({ message }: { message: Message }) {
  const t = useText();
  const words = deliveryInWords(t, message);
  if (words === "") return null;
  return <p className={`${styles.reason} ${message.delivery === "failed" ? styles.failed : ""}`}>{words}</p>;
}
