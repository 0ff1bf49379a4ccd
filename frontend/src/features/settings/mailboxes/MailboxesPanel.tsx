import { useQuery } from "@tanstack/react-query";
import { MailPlus } from "lucide-react";
import { useState } from "react";
import type { Mailbox } from "../../../api/types";
import { useText } from "../../../lib/i18n";
import { Button } from "../../../ui/Button";
import { EmptyState, ErrorState, Skeleton } from "../../../ui/states";
import { brandsQuery } from "../forms/api";
import styles from "../settings.module.css";
import { mailboxesQuery } from "./api";
import { MailboxForm } from "./MailboxForm";
import { MailboxState } from "./MailboxState";

/** The addresses of the company, and how the mail of each is coming in. */
export function MailboxesPanel() {
  const t = useText();
  const mailboxes = useQuery(mailboxesQuery);
  const brands = useQuery(brandsQuery);
  const [open, setOpen] = useState<Mailbox | "new">();
  const failed = mailboxes.error ?? brands.error;
  if (mailboxes.isPending || brands.isPending) return <Skeleton rows={3} />;
  if (failed || !mailboxes.data || !brands.data) {
    const again = () => void Promise.all([mailboxes.refetch(), brands.refetch()]);
    return <ErrorState error={failed} onRetry={again} />;
  }
  if (open) {
    const mailbox = open === "new" ? undefined : open;
    return <MailboxForm mailbox={mailbox} brands={brands.data} onClose={() => setOpen(undefined)} />;
  }
  const add = (
    <Button look="primary" icon={<MailPlus aria-hidden />} onClick={() => setOpen("new")}>
      {t("mailbox.add")}
    </Button>
  );
  const about = (m: Mailbox) =>
    [
      m.default && t("mailbox.default"),
      brands.data.length > 1 && brands.data.find((b) => b.id === m.brand_id)?.name,
      m.display_name,
      m.aliases.length > 0 && t("mailbox.aliases.count", { n: m.aliases.length }),
    ]
      .filter(Boolean)
      .join(" · ");
  return (
    <>
      <div className={styles.titled}>
        <h2>{t("settings.caixas")}</h2>
        {mailboxes.data.length > 0 && add}
      </div>
      {mailboxes.data.length === 0 ? (
        <EmptyState title={t("mailbox.none")} action={add}>
          {t("mailbox.none.hint")}
        </EmptyState>
      ) : (
        <ul className={styles.list}>
          {mailboxes.data.map((m) => (
            <li key={m.id} className={m.active ? undefined : styles.off}>
              <div>
                <strong>{m.address}</strong>
                <p className={styles.quiet}>{about(m)}</p>
              </div>
              <MailboxState mailbox={m} />
              <Button onClick={() => setOpen(m)} aria-label={t("mailbox.edit.named", { address: m.address })}>
                {t("mailbox.edit")}
              </Button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
