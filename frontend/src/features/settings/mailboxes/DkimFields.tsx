import { Copy } from "lucide-react";
import { useState } from "react";
import type { Mailbox } from "../../../api/types";
import { copyText } from "../../../lib/clipboard";
import { useText } from "../../../lib/i18n";
import { Button } from "../../../ui/Button";
import { Field } from "../../../ui/Field";
import { toast } from "../../../ui/toast";
import styles from "../settings.module.css";
import type { Draft } from "./draft";
import own from "./mailboxes.module.css";

interface Props {
  mailbox?: Mailbox;
  draft: Draft;
  onChange: (change: Partial<Draft>) => void;
  wrong: (field: string) => string | undefined;
  busy: boolean;
  /** Saves the form, with a new key. */
  onNewKey: () => void;
}

/** What outgoing mail is signed with, and what the company's domain has to publish for it. */
export function DkimFields({ mailbox, draft, onChange, wrong, busy, onNewKey }: Props) {
  const t = useText();
  const [sure, setSure] = useState(false);
  const signed = mailbox !== undefined && mailbox.dkim_record !== "";
  const make = () => {
    if (signed && !sure) return setSure(true);
    setSure(false);
    onNewKey();
  };
  return (
    <fieldset className={own.section}>
      <legend>{t("mailbox.part.dkim")}</legend>
      <p className={styles.quiet}>{t("mailbox.dkim.hint")}</p>
      <div className={own.pair}>
        <Field
          label={t("mailbox.dkim.domain")}
          value={draft.dkimDomain}
          placeholder={draft.address.split("@")[1]}
          onChange={(e) => onChange({ dkimDomain: e.target.value })}
          error={wrong("dkim_domain")}
          autoComplete="off"
          spellCheck={false}
        />
        <Field
          label={t("mailbox.dkim.selector")}
          value={draft.dkimSelector}
          onChange={(e) => onChange({ dkimSelector: e.target.value })}
          hint={t("mailbox.dkim.selector.hint")}
          error={wrong("dkim_selector")}
          autoComplete="off"
          spellCheck={false}
        />
      </div>
      {signed && (
        <dl className={own.record}>
          <Copied label={t("mailbox.dkim.name")} value={mailbox.dkim_name} />
          <Copied label={t("mailbox.dkim.value")} value={mailbox.dkim_record} />
        </dl>
      )}
      <div className={own.tests}>
        {mailbox ? (
          <Button busy={busy} onClick={make}>
            {t(!signed ? "mailbox.dkim.make" : sure ? "mailbox.dkim.sure" : "mailbox.dkim.renew")}
          </Button>
        ) : (
          <p className={styles.quiet}>{t("mailbox.dkim.later")}</p>
        )}
        <p role="status" className={styles.error}>
          {sure && t("mailbox.dkim.warning")}
        </p>
      </div>
    </fieldset>
  );
}

function Copied({ label, value }: { label: string; value: string }) {
  const t = useText();
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        <code>{value}</code>
        <Button
          icon={<Copy aria-hidden />}
          aria-label={t("mailbox.copy.named", { what: label })}
          onClick={() =>
            void copyText(value).then((done) => done && toast(t("mailbox.copied", { what: label })))
          }
        >
          {t("mailbox.copy")}
        </Button>
      </dd>
    </div>
  );
}
