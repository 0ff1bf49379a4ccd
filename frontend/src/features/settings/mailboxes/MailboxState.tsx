import type { Mailbox } from "../../../api/types";
import { useNow } from "../../../lib/clock";
import { type TextId, useText } from "../../../lib/i18n";
import { shortMoment } from "../../../lib/time";
import styles from "../settings.module.css";

const failures: Record<string, TextId> = {
  imap_connect: "mailbox.failure.imap_connect",
  imap_login: "mailbox.failure.imap_login",
  imap_folder: "mailbox.failure.imap_folder",
  imap_broken: "mailbox.failure.imap_broken",
  imap_accept: "mailbox.failure.imap_accept",
};

/** How the mail of one mailbox is coming in, in plain words. */
export function MailboxState({ mailbox: m }: { mailbox: Mailbox }) {
  const t = useText();
  const now = useNow(60_000);
  const f = m.fetching;
  const last = f.last_mail_at
    ? t("mailbox.last_mail", { at: shortMoment(f.last_mail_at, now) })
    : t("mailbox.no_mail");
  if (!m.active) return <div className={styles.quiet}>{t("mailbox.off")}</div>;
  if (!m.imap.host)
    return (
      <div>
        {t("mailbox.by_smtp")}
        <p className={styles.quiet}>{t("mailbox.by_smtp.hint")}</p>
      </div>
    );
  if (f.failure)
    return (
      <div>
        <span className={styles.error}>{t(failures[f.failure] ?? "mailbox.failure.other")}</span>
        <p className={styles.quiet}>
          {f.failed_at ? t("mailbox.since", { at: shortMoment(f.failed_at, now), last }) : last}
        </p>
      </div>
    );
  return (
    <div>
      {t(f.last_ok_at ? "mailbox.fetching" : "mailbox.waiting")}
      <p className={styles.quiet}>{last}</p>
    </div>
  );
}
