import type { ReactNode } from "react";
import type { Mailbox } from "../../../api/types";
import { type TextId, useText } from "../../../lib/i18n";
import { Field, SelectField } from "../../../ui/Field";
import { type Draft, distrusted } from "./draft";
import own from "./mailboxes.module.css";

interface Props {
  mailbox?: Mailbox;
  draft: Draft;
  onChange: (change: Partial<Draft>) => void;
  wrong: (field: string) => string | undefined;
  children: ReactNode;
}

/** How the mailbox logs in to its servers. Secrets go in and never come out again. */
export function LoginFields({ mailbox, draft, onChange, wrong, children }: Props) {
  const t = useText();
  const again = distrusted(mailbox, draft);
  const hint = (kept: boolean | undefined, stale: boolean): TextId | undefined =>
    stale ? "mailbox.secret.again" : kept ? "mailbox.secret.kept" : undefined;
  const about = (id: TextId | undefined) => id && t(id);
  return (
    <fieldset className={own.section}>
      <legend>{t("mailbox.part.login")}</legend>
      <div className={own.pair}>
        <SelectField
          label={t("mailbox.auth")}
          value={draft.auth}
          options={[
            { value: "password", name: t("mailbox.auth.password") },
            { value: "xoauth2", name: t("mailbox.auth.xoauth2") },
          ]}
          onChange={(auth) => onChange({ auth })}
          error={wrong("auth")}
        />
        <Field
          label={t(draft.auth === "xoauth2" ? "mailbox.secret.refresh" : "mailbox.secret")}
          type="password"
          value={draft.secret}
          onChange={(e) => onChange({ secret: e.target.value })}
          hint={about(hint(mailbox?.has_secret, again.secret))}
          error={wrong("body.secret") ?? wrong("mailbox.secret")}
          autoComplete="new-password"
          required={again.secret}
        />
      </div>
      {draft.auth === "xoauth2" && (
        <>
          <Field
            label={t("mailbox.token_url")}
            type="url"
            value={draft.tokenURL}
            onChange={(e) => onChange({ tokenURL: e.target.value })}
            hint={t("mailbox.token_url.hint")}
            error={wrong("token_url")}
            autoComplete="off"
            spellCheck={false}
            required
          />
          <div className={own.pair}>
            <Field
              label={t("mailbox.client_id")}
              value={draft.clientID}
              onChange={(e) => onChange({ clientID: e.target.value })}
              error={wrong("client_id")}
              autoComplete="off"
              spellCheck={false}
            />
            <Field
              label={t("mailbox.client_secret")}
              type="password"
              value={draft.clientSecret}
              onChange={(e) => onChange({ clientSecret: e.target.value })}
              hint={about(hint(mailbox?.has_client_secret, again.clientSecret))}
              error={wrong("client_secret")}
              autoComplete="new-password"
              required={again.clientSecret}
            />
          </div>
        </>
      )}
      {children}
    </fieldset>
  );
}
