import { CircleAlert, CircleCheck } from "lucide-react";
import type { MailboxTest } from "../../../api/types";
import { useText } from "../../../lib/i18n";
import styles from "../settings.module.css";
import own from "./mailboxes.module.css";

/** What came of the test: of whatever failed no more is known than that. */
export function TestResult({ pending, result }: { pending: boolean; result?: MailboxTest }) {
  const t = useText();
  const tried = result ? (["imap", "smtp"] as const).filter((kind) => result[kind] !== "absent") : [];
  return (
    <div role="status" className={own.result}>
      {pending && <span className={styles.quiet}>{t("mailbox.testing")}</span>}
      {tried.map((kind) =>
        result?.[kind] === "works" ? (
          <p key={kind}>
            <CircleCheck aria-hidden /> {t(`mailbox.works.${kind}`)}
          </p>
        ) : (
          <p key={kind} className={styles.error}>
            <CircleAlert aria-hidden /> {t(`mailbox.failed.${kind}`)}
          </p>
        ),
      )}
    </div>
  );
}
