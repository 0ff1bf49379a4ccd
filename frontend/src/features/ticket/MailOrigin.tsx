import { ShieldAlert, TriangleAlert, UserRoundX } from "lucide-react";
import type { Origin } from "../../api/types";
import { type TextId, useText } from "../../lib/i18n";
import { dayAndTime } from "../../lib/time";
import styles from "./MailOrigin.module.css";
import { warningsInWords } from "./mailWords";

const checked = ({ auth }: Origin) => Boolean(auth.spf || auth.dkim || auth.dmarc);

/** Whether the sender is who they say, where that is in doubt. */
export function MailBadges({ origin }: { origin: Origin }) {
  const t = useText();
  return (
    <>
      {origin.another && (
        <span className={styles.badge} title={t("mail.another.means")}>
          <UserRoundX aria-hidden /> {t("mail.another")}
        </span>
      )}
      {checked(origin) && !origin.verified && (
        <span className={styles.badge} title={t("mail.unverified.means")}>
          <ShieldAlert aria-hidden /> {t("mail.unverified")}
        </span>
      )}
    </>
  );
}

/** What must be seen before anybody believes the message. */
export function MailWarnings({ origin }: { origin: Origin }) {
  const t = useText();
  const { grave } = warningsInWords(t, origin.warnings);
  return grave.map((words) => (
    <p key={words} className={styles.warning}>
      <TriangleAlert aria-hidden /> {words}
    </p>
  ));
}

/** The head of the mail, for whoever wants to look at it. */
export function MailDetails({ origin }: { origin: Origin }) {
  const t = useText();
  const { plain } = warningsInWords(t, origin.warnings);
  const { auth } = origin;
  const rows: [TextId, string][] = [
    ["mail.from", people(origin.from)],
    ["mail.reply_to", people(origin.reply_to)],
    ["mail.to", people(origin.to)],
    ["mail.cc", people(origin.cc)],
    ["mail.subject", origin.subject],
    ["mail.sent_at", origin.sent_at ? dayAndTime(origin.sent_at) : ""],
    ["mail.mailbox", origin.mailbox],
    ["mail.message_id", origin.message_id],
    [
      "mail.auth",
      checked(origin)
        ? t("mail.auth.found", {
            spf: auth.spf || "–",
            dkim: auth.dkim || "–",
            dmarc: auth.dmarc || "–",
            by: auth.by || "–",
          })
        : t("mail.auth.none"),
    ],
  ];
  return (
    <details className={styles.details}>
      <summary>{t("mail.details")}</summary>
      <dl>
        {rows
          .filter(([, value]) => value !== "")
          .map(([id, value]) => (
            <div key={id}>
              <dt>{t(id)}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
      {plain.length > 0 && (
        <ul>
          {plain.map((words) => (
            <li key={words}>{words}</li>
          ))}
        </ul>
      )}
    </details>
  );
}

const people = (all: Origin["from"]) =>
  all.map((p) => (p.name ? `${p.name} <${p.address}>` : p.address)).join(", ");
