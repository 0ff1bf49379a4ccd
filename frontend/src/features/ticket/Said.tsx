import { useId, useState } from "react";
import type { Message } from "../../api/types";
import { useNow } from "../../lib/clock";
import { useText } from "../../lib/i18n";
import { dayAndTime, shortMoment } from "../../lib/time";
import { MailFrame } from "./MailFrame";
import { MailDetails } from "./MailOrigin";
import styles from "./MessageItem.module.css";
import { splitQuoted } from "./quotes";

/** The words of a message; how it was sent, and from where, for whoever wants to see it. */
export function Said({ ticketId, message }: { ticketId: number; message: Message }) {
  const t = useText();
  const [asSent, setAsSent] = useState(false);
  return (
    <>
      {asSent ? (
        <MailFrame ticketId={ticketId} message={message} />
      ) : (
        <Body body={message.body} rest={message.folded} />
      )}
      {(message.has_html || message.origin) && (
        <div className={styles.more}>
          {message.has_html && (
            <button type="button" className={styles.quiet} onClick={() => setAsSent(!asSent)}>
              {t(asSent ? "mail.text" : "mail.as_sent")}
            </button>
          )}
          {message.origin && <MailDetails origin={message.origin} />}
        </div>
      )}
    </>
  );
}

/** `rest` is what the server has folded away; without it we look for a quotation ourselves. */
export function Body({ body, rest = "" }: { body: string; rest?: string }) {
  const t = useText();
  const [open, setOpen] = useState(false);
  const id = useId();
  const { said, folded } = rest === "" ? splitQuoted(body) : { said: body, folded: rest };
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
            onClick={() => setOpen(!open)}
          >
            {t(open ? "message.fold" : "message.unfold")}
          </button>
          <p id={id} className={`${styles.body} ${styles.quoted}`} hidden={!open}>
            {folded}
          </p>
        </>
      )}
    </>
  );
}

export function Moment({ at }: { at: string }) {
  const now = useNow(60_000);
  return (
    <time dateTime={at} title={dayAndTime(at)} className="numeric">
      {shortMoment(at, now)}
    </time>
  );
}
