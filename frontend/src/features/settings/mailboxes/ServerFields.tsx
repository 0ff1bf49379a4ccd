import type { ReactNode } from "react";
import type { MailServer } from "../../../api/types";
import { useText } from "../../../lib/i18n";
import { Field, SelectField } from "../../../ui/Field";
import styles from "../settings.module.css";
import { secured } from "./draft";
import own from "./mailboxes.module.css";

const protections = ["tls", "starttls", "none"] as const;

interface Props {
  kind: "imap" | "smtp";
  server: MailServer;
  /** The user when none is named. */
  address: string;
  onChange: (server: MailServer) => void;
  wrong: (field: string) => string | undefined;
  children?: ReactNode;
}

/** One of a mailbox's two servers. The rest is asked once there is a host. */
export function ServerFields({ kind, server, address, onChange, wrong, children }: Props) {
  const t = useText();
  return (
    <fieldset className={own.section}>
      <legend>{t(`mailbox.part.${kind}`)}</legend>
      <p className={styles.quiet}>{t(`mailbox.part.hint.${kind}`)}</p>
      <div className={own.server}>
        <Field
          label={t("mailbox.host")}
          value={server.host}
          onChange={(e) => onChange({ ...server, host: e.target.value })}
          error={wrong(`${kind}.host`)}
          autoComplete="off"
          spellCheck={false}
        />
        {server.host !== "" && (
          <>
            <SelectField
              label={t("mailbox.security")}
              value={server.security}
              options={protections.map((value) => ({ value, name: t(`mailbox.security.${value}`) }))}
              onChange={(security) => onChange(secured(kind, server, security))}
              error={wrong(`${kind}.security`)}
            />
            <Field
              label={t("mailbox.port")}
              type="number"
              min={1}
              max={65535}
              value={server.port || ""}
              onChange={(e) => onChange({ ...server, port: Number(e.target.value) })}
              error={wrong(`${kind}.port`)}
            />
            <Field
              label={t("mailbox.user")}
              value={server.user}
              placeholder={address}
              onChange={(e) => onChange({ ...server, user: e.target.value })}
              hint={t("mailbox.user.hint")}
              error={wrong(`${kind}.user`)}
              autoComplete="off"
              spellCheck={false}
            />
          </>
        )}
      </div>
      {server.host !== "" && server.security === "none" && (
        <p className={styles.error}>{t("mailbox.security.none.warning")}</p>
      )}
      {server.host !== "" && children}
    </fieldset>
  );
}
