import { Lock } from "lucide-react";
import type { Message, Note } from "../../api/types";
import { useText } from "../../lib/i18n";
import { Avatar } from "../../ui/Avatar";
import { FileLinks } from "../../ui/FileLinks";
import { AutomaticItem } from "./AutomaticItem";
import { DeliveryReason, DeliveryState } from "./DeliveryState";
import { MailBadges, MailWarnings } from "./MailOrigin";
import styles from "./MessageItem.module.css";
import { Body, Moment, Said } from "./Said";

const customerInitial = (name: string) => (name.trim()[0] ?? "?").toUpperCase();

interface MessageItemProps {
  ticketId: number;
  message: Message;
}

/** What the customer or we said. What a machine sent is only a line. */
export function MessageItem({ ticketId, message }: MessageItemProps) {
  const t = useText();
  if (message.automatic) return <AutomaticItem ticketId={ticketId} message={message} />;
  const ours = message.direction === "out";
  const name = message.author_name || t(ours ? "message.us" : "customer.unknown");
  return (
    <article
      className={`${styles.message} ${ours ? styles.ours : ""} ${message.delivery === "undone" ? styles.undone : ""}`}
    >
      {ours && message.author_id !== null ? (
        <Avatar id={message.author_id} name={name} size={24} label="" />
      ) : (
        <span className={styles.customer} aria-hidden>
          {customerInitial(name)}
        </span>
      )}
      <div className={styles.content}>
        <header className={styles.head}>
          <strong>{name}</strong>
          <span>{t(message.spoken ? "message.spoken" : ours ? "message.out" : "message.in")}</span>
          <Moment at={message.at} />
          {ours && !message.spoken && <DeliveryState message={message} />}
          {message.origin && <MailBadges origin={message.origin} />}
        </header>
        {message.origin && <MailWarnings origin={message.origin} />}
        {ours && <DeliveryReason message={message} />}
        <Said ticketId={ticketId} message={message} />
        <FileLinks files={message.files} className={styles.files} />
      </div>
    </article>
  );
}

/** What only we see. Texture, frame, lock and word tell it apart, not a hue. */
export function NoteItem({ note }: { note: Note }) {
  const t = useText();
  return (
    <article className={`${styles.message} ${styles.note}`}>
      <Avatar id={note.author_id} name={note.author_name} size={24} label="" />
      <div className={styles.content}>
        <header className={styles.head}>
          <strong>{note.author_name}</strong>
          <span className={styles.badge}>
            <Lock aria-hidden /> {t("note.label")}
          </span>
          <Moment at={note.at} />
        </header>
        <Body body={note.body} />
      </div>
    </article>
  );
}
