import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiError } from "../../../api/client";
import { reasonPath, reasonsQuery, teamsQuery } from "../../../api/directory";
import { useText } from "../../../lib/i18n";
import { Button } from "../../../ui/Button";
import { Field, SelectField } from "../../../ui/Field";
import styles from "../settings.module.css";
import { addRule, type RuleDraft } from "./api";
import own from "./routing.module.css";

interface RuleFormProps {
  skill: number;
  onDone: () => void;
  onCancel: () => void;
}

const channels = ["phone", "webform", "email"] as const;

/** Which tickets demand a skill: all that is chosen holds. */
export function RuleForm({ skill, onDone, onCancel }: RuleFormProps) {
  const t = useText();
  const teams = useQuery(teamsQuery).data ?? [];
  const reasons = useQuery(reasonsQuery).data ?? [];
  const [draft, setDraft] = useState<RuleDraft>({});
  const add = useMutation({ mutationFn: () => addRule(skill, draft), onSuccess: onDone });
  const problem = add.error instanceof ApiError ? add.error : undefined;
  const any = { value: "", name: t("roster.rule.any") };
  const paths = reasons
    .filter((r) => r.active)
    .map((r) => ({ value: String(r.id), name: reasonPath(reasons, r.id) }))
    .sort((a, b) => a.name.localeCompare(b.name));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <form className={own.rule} onSubmit={submit} aria-label={t("roster.rule.add")}>
      <p className={styles.quiet}>{t("roster.rule.hint")}</p>
      <div className={own.fields}>
        <SelectField
          label={t("roster.team")}
          value={String(draft.team_id ?? "")}
          options={[any, ...teams.map((team) => ({ value: String(team.id), name: team.name }))]}
          onChange={(id) => setDraft({ ...draft, team_id: Number(id) || undefined })}
          error={problem?.field("team_id")}
        />
        <SelectField
          label={t("roster.channel")}
          value={draft.channel ?? ""}
          options={[any, ...channels.map((value) => ({ value, name: t(`channel.${value}`) }))]}
          onChange={(channel) => setDraft({ ...draft, channel: channels.find((known) => known === channel) })}
        />
        <SelectField
          label={t("roster.reason")}
          value={String(draft.reason_id ?? "")}
          options={[any, ...paths]}
          onChange={(id) => setDraft({ ...draft, reason_id: Number(id) || undefined })}
          error={problem?.field("reason_id")}
        />
        <Field
          label={t("roster.tag")}
          hint={t("roster.tag.hint")}
          value={draft.tag ?? ""}
          onChange={(e) => setDraft({ ...draft, tag: e.target.value || undefined })}
          error={problem?.field("tag")}
          maxLength={40}
        />
      </div>
      {add.error && !problem?.field("tag") && (
        <p role="alert" className={styles.error}>
          {add.error.message}
        </p>
      )}
      <div>
        <Button type="submit" look="primary" busy={add.isPending}>
          {t("roster.rule.save")}
        </Button>{" "}
        <Button look="quiet" onClick={onCancel}>
          {t("call.cancel")}
        </Button>
      </div>
    </form>
  );
}
