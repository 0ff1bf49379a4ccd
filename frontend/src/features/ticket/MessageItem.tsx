import { Check, CircleAlert, Clock3, Lock, Paperclip, Send, Undo2 } from "lucide-react";
import { useId, useState } from "react";
import type { Message, Note } from "../../api/types";
import { useNow } from "../../lib/clock";
import { type TextId, useText } from "../../lib/i18n";
import { dayAndTime, shortMoment } from "../../lib/time";
import { Avatar } from "../../ui/Avatar";
import { fileSize } from "./fileSize";
import styles from "./MessageItem.module.css";
import { splitQuoted } from "./quotes";

const customerInitial = (name: string) => (name.trim()[0] ?? "?").toUpperCase();

/** What the customer or we said. */
export function MessageItem({ message }: { message: Message }) {
  const t = useText();
  const ours = message.direction === "out";
  const name = message.author_name || t(ours ? "message.us" : "customer.unknown");
  return (
    <article className={`${styles.message} ${ours ? styles.ours : ""}`}>
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
          <span>{t(ours ? "message.out" : "message.in")}</span>
          <Moment at={message.at} />
          {ours && <Delivery delivery={message.delivery} reason={message.delivery_reason} />}
        </header>
        <Body body={message.body} />
        {message.files.length > 0 && (
          <ul className={styles.files}>
            {message.files.map((file) => (
              <li key={file.url}>
                <a href={file.url} download={file.name}>
                  <Paperclip aria-hidden /> {file.name} <span>{fileSize(t, file.size)}</span>
                </a>
              </li>
            ))}
          </ul>
        )}
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

function Moment({ at }: { at: string }) {
  const now = useNow(60_000);
  return (
    <time dateTime={at} title={dayAndTime(at)} className="numeric">
      {shortMoment(at, now)}
    </time>
  );
}

function Body({ body }: { body: string }) {
  const t = useText();
  const [open, setOpen] = useState(false);
  const id = useId();
  const { said, folded } = splitQuoted(body);
  return (
    <>
      <p className={styles.body}>{said}</p>
      {folded && (
        <>
          <button
            type="button"
            className={styles.fold}
            aria-expanded={open}
            aria-controls={id}
            aria-label={t(open ? "message.fold" : "message.unfold")}
            onClick={() => setOpen(!open)}
          >
            ···
          </button>
          <p id={id} className={`${styles.body} ${styles.quoted}`} hidden={!open}>
            {folded}
          </p>
        </>
      )}
    </>
  );
}

const deliveryIcons = { queued: Clock3, sent: Send, delivered: Check, failed: CircleAlert, undone: Undo2 };

const reasons: Record<string, TextId | undefined> = {
  automatic: "delivery.why.automatic",
  bounced: "delivery.why.bounced",
  bouncing: "delivery.why.bouncing",
  broken: "delivery.why.broken",
  cancelled: "delivery.why.cancelled",
  deferred: "delivery.why.deferred",
  expired: "delivery.why.expired",
  no_answer: "delivery.why.no_answer",
  no_relay: "delivery.why.no_relay",
  own_address: "delivery.why.own_address",
  preference: "delivery.why.preference",
  refused: "delivery.why.refused",
  suppressed: "delivery.why.suppressed",
};

function Delivery({ delivery, reason }: { delivery: Message["delivery"]; reason: string }) {
  const t = useText();
  const why = reasons[reason];
  if (delivery === "none") return null;
  const Icon = deliveryIcons[delivery];
  return (
    <span className={`${styles.delivery} ${delivery === "failed" ? styles.failed : ""}`}>
      <Icon aria-hidden /> {t(`delivery.${delivery}`)}
      {why && ` · ${t(why)}`}
    </span>
  );
}
