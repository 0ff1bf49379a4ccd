import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ArrowLeft } from "lucide-react";
import { type FormEvent, useState } from "react";
import { ApiError } from "../../../api/client";
import { teamsQuery } from "../../../api/directory";
import { keys } from "../../../api/keys";
import type { Brand, Mailbox } from "../../../api/types";
import { useText } from "../../../lib/i18n";
import { Button, IconButton } from "../../../ui/Button";
import { CheckField, Field, SelectField } from "../../../ui/Field";
import { toast } from "../../../ui/toast";
import { TextArea } from "../forms/TextArea";
import styles from "../settings.module.css";
import { saveMailbox, testMailbox } from "./api";
import { DkimFields } from "./DkimFields";
import { type Draft, draftOf, fieldsOf } from "./draft";
import { LoginFields } from "./LoginFields";
import own from "./mailboxes.module.css";
import { ServerFields } from "./ServerFields";
import { TestResult } from "./TestResult";

interface Props {
  mailbox?: Mailbox;
  brands: readonly Brand[];
  onClose: () => void;
}

/** One mailbox: whose it is, how its mail comes in and goes out, and what it signs with. */
export function MailboxForm({ mailbox: given, brands, onClose }: Props) {
  const t = useText();
  const cache = useQueryClient();
  const teams = useQuery(teamsQuery).data ?? [];
  const [mailbox, setMailbox] = useState(given);
  const [draft, setDraft] = useState(() => draftOf(given, brands[0]?.id ?? 0, localDay()));
  const test = useMutation({ mutationFn: () => testMailbox(mailbox?.id, fieldsOf(draft)) });
  const save = useMutation({
    mutationFn: (newKey: boolean) =>
      saveMailbox(mailbox?.id, { ...fieldsOf(draft), ...(newKey && { dkim_new_key: true }) }),
    onSuccess: (saved, newKey) => {
      void cache.invalidateQueries({ queryKey: keys.mailboxes });
      if (newKey) {
        setMailbox(saved);
        setDraft(draftOf(saved, saved.brand_id, ""));
        toast(t("mailbox.dkim.made"));
      } else {
        toast(t("mailbox.saved", { address: saved.address }));
        onClose();
      }
    },
  });
  const failed = save.error ?? test.error;
  const problem = failed instanceof ApiError ? failed : undefined;
  const wrong = (field: string) => problem?.field(field);
  const set = (change: Partial<Draft>) => {
    setDraft({ ...draft, ...change });
    if (test.data) test.reset(); // it was about something else
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    test.reset();
    save.mutate(false);
  };
  return (
    <form onSubmit={submit} className={own.form} noValidate>
      <header className={own.head}>
        <IconButton label={t("mailbox.back")} icon={<ArrowLeft />} onClick={onClose} />
        <h2>{mailbox?.address ?? t("mailbox.add")}</h2>
      </header>
      <fieldset className={own.section}>
        <legend>{t("mailbox.part.address")}</legend>
        <div className={own.pair}>
          <Field
            label={t("mailbox.address")}
            type="email"
            value={draft.address}
            onChange={(e) => set({ address: e.target.value })}
            error={wrong("address")}
            autoComplete="off"
            required
          />
          <Field
            label={t("mailbox.display_name")}
            value={draft.displayName}
            onChange={(e) => set({ displayName: e.target.value })}
            hint={t("mailbox.display_name.hint")}
            error={wrong("display_name")}
            maxLength={200}
          />
        </div>
        <TextArea
          label={t("mailbox.aliases")}
          hint={t("mailbox.aliases.hint")}
          value={draft.aliases}
          onChange={(aliases) => set({ aliases })}
          error={problem?.problem.errors?.find((e) => /\baliases\b/.test(e.field))?.detail}
        />
        <div className={own.pair}>
          <SelectField
            label={t("mailbox.brand")}
            value={draft.brand}
            options={brands.map((b) => ({ value: String(b.id), name: b.name }))}
            onChange={(brand) => set({ brand })}
            error={wrong("brand_id")}
          />
          <SelectField
            label={t("mailbox.team")}
            value={draft.team}
            options={[
              { value: "0", name: t("mailbox.team.default") },
              ...teams.map((team) => ({ value: String(team.id), name: team.name })),
            ]}
            onChange={(team) => set({ team })}
            error={wrong("team_id")}
          />
        </div>
        {mailbox?.default ? (
          <p className={styles.quiet}>{t("mailbox.is_default")}</p>
        ) : (
          <>
            <CheckField
              label={t("mailbox.make_default")}
              hint={t("mailbox.make_default.hint")}
              checked={draft.isDefault}
              onChange={(isDefault) => set({ isDefault })}
            />
            <CheckField
              label={t("mailbox.active")}
              hint={t("mailbox.active.hint")}
              checked={draft.active}
              onChange={(active) => set({ active })}
            />
          </>
        )}
      </fieldset>

      <ServerFields
        kind="imap"
        server={draft.imap}
        address={draft.address}
        onChange={(imap) => set({ imap })}
        wrong={wrong}
      >
        <div className={own.pair}>
          <Field
            label={t("mailbox.folder")}
            value={draft.folder}
            onChange={(e) => set({ folder: e.target.value })}
            error={wrong("folder")}
            autoComplete="off"
          />
          <Field
            label={t("mailbox.since.day")}
            type="date"
            value={draft.since}
            onChange={(e) => set({ since: e.target.value })}
            hint={t("mailbox.since.hint")}
            error={wrong("since")}
          />
        </div>
      </ServerFields>
      <ServerFields
        kind="smtp"
        server={draft.smtp}
        address={draft.address}
        onChange={(smtp) => set({ smtp })}
        wrong={wrong}
      />
      {(draft.imap.host !== "" || draft.smtp.host !== "") && (
        <LoginFields mailbox={mailbox} draft={draft} onChange={set} wrong={wrong}>
          <div className={own.tests}>
            <Button
              busy={test.isPending}
              onClick={() => {
                save.reset();
                test.mutate();
              }}
            >
              {t("mailbox.test")}
            </Button>
            <TestResult pending={test.isPending} result={test.data} />
          </div>
        </LoginFields>
      )}

      <fieldset className={own.section}>
        <legend>{t("mailbox.part.replies")}</legend>
        <CheckField
          label={t("mailbox.acknowledges")}
          hint={t("mailbox.acknowledges.hint")}
          checked={draft.acknowledges}
          onChange={(acknowledges) => set({ acknowledges })}
        />
        <TextArea
          label={t("mailbox.signature")}
          hint={t("mailbox.signature.hint")}
          value={draft.signature}
          onChange={(signature) => set({ signature })}
          error={wrong("signature")}
        />
        <div className={own.short}>
          <Field
            label={t("mailbox.undo")}
            type="number"
            min={0}
            max={120}
            value={draft.undo}
            onChange={(e) => set({ undo: e.target.value })}
            hint={t("mailbox.undo.hint")}
            error={wrong("undo_seconds")}
          />
        </div>
      </fieldset>
      <DkimFields
        mailbox={mailbox}
        draft={draft}
        onChange={set}
        wrong={wrong}
        busy={save.isPending}
        onNewKey={() => save.mutate(true)}
      />

      <footer className={own.foot}>
        {failed && (
          <p role="alert" className={styles.error}>
            {failed.message}
          </p>
        )}
        <Button onClick={onClose}>{t("mailbox.cancel")}</Button>
        <Button look="primary" type="submit" busy={save.isPending}>
          {t("mailbox.save")}
        </Button>
      </footer>
    </form>
  );
}

/** Today on the calendar of whoever looks, as a date field has it. */
function localDay(): string {
  const now = new Date();
  return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}
