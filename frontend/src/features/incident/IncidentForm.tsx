import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiError } from "../../api/client";
import { reasonPath, reasonsQuery, teamsQuery } from "../../api/directory";
import type { Incident } from "../../api/incidents";
import { keys } from "../../api/keys";
import { now } from "../../lib/clock";
import { useText } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { AreaField, Field, SelectField } from "../../ui/Field";
import { toastError } from "../../ui/toast";
import { changeIncident, createIncident, type IncidentFields } from "./api";
import styles from "./incidents.module.css";

const channels = ["phone", "webform", "email"] as const;

const blank = (): IncidentFields => ({
  title: "",
  inside: "",
  outside: "",
  news_by: null,
  state: "open",
  brand_id: null,
  team_id: null,
  channel: null,
  reason_id: null,
  started_at: new Date(now()).toISOString(),
});

interface Props {
  /** Given when it is changed, not opened. */
  incident?: Incident;
  onClose: () => void;
  onDone: (incident: Incident) => void;
}

/** Opens an incident or changes what it says: to the team, and to customers. */
export default function IncidentForm({ incident, onClose, onDone }: Props) {
  const t = useText();
  const cache = useQueryClient();
  const [fields, setFields] = useState<IncidentFields>(() => incident ?? blank());
  const set = (part: Partial<IncidentFields>) => setFields((before) => ({ ...before, ...part }));
  const reasons = useQuery(reasonsQuery).data ?? [];
  const teams = useQuery(teamsQuery).data ?? [];
  const save = useMutation({
    mutationFn: () => (incident ? changeIncident(incident, pick(fields)) : createIncident(pick(fields))),
    onSuccess: (saved) => {
      void cache.invalidateQueries({ queryKey: keys.incidents });
      onClose();
      onDone(saved);
    },
    onError: toastError,
  });
  const wrong = (name: string) => (save.error instanceof ApiError ? save.error.field(name) : undefined);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (fields.title.trim() && !save.isPending) save.mutate();
  };
  const any = { value: "", name: t("incidents.any") };
  return (
    <Dialog open wide onClose={onClose} title={t(incident ? "incidents.edit" : "incidents.new")}>
      <form className={styles.form} onSubmit={submit}>
        <Field
          label={t("incidents.field.title")}
          hint={t("incidents.field.title.hint")}
          value={fields.title}
          maxLength={120}
          required
          error={wrong("title")}
          onChange={(e) => set({ title: e.target.value })}
        />
        <AreaField
          label={t("incidents.inside")}
          hint={t("incidents.inside.hint")}
          rows={3}
          value={fields.inside}
          maxLength={4000}
          error={wrong("inside")}
          onChange={(e) => set({ inside: e.target.value })}
        />
        <AreaField
          label={t("incidents.outside")}
          hint={t("incidents.outside.hint")}
          rows={3}
          value={fields.outside}
          maxLength={1000}
          error={wrong("outside")}
          onChange={(e) => set({ outside: e.target.value })}
        />
        <div className={styles.pair}>
          <Field
            label={t("incidents.started_at")}
            type="datetime-local"
            value={local(fields.started_at)}
            required
            error={wrong("started_at")}
            onChange={(e) => e.target.value && set({ started_at: new Date(e.target.value).toISOString() })}
          />
          <Field
            label={t("incidents.news_by")}
            type="datetime-local"
            value={fields.news_by ? local(fields.news_by) : ""}
            error={wrong("news_by")}
            onChange={(e) => set({ news_by: e.target.value ? new Date(e.target.value).toISOString() : null })}
          />
        </div>
        <fieldset className={styles.group}>
          <legend>{t("incidents.concerns")}</legend>
          <p className={styles.quiet}>{t("incidents.concerns.hint")}</p>
          <div className={styles.triple}>
            <SelectField
              label={t("ticket.reason")}
              value={String(fields.reason_id ?? "")}
              onChange={(v) => set({ reason_id: v ? Number(v) : null })}
              options={[
                any,
                ...reasons.map((r) => ({ value: String(r.id), name: reasonPath(reasons, r.id) })),
              ]}
            />
            <SelectField
              label={t("incidents.channel")}
              value={fields.channel ?? ""}
              onChange={(v) => set({ channel: channels.find((c) => c === v) ?? null })}
              options={[any, ...channels.map((c) => ({ value: c as string, name: t(`channel.${c}`) }))]}
            />
            <SelectField
              label={t("ticket.team")}
              value={String(fields.team_id ?? "")}
              onChange={(v) => set({ team_id: v ? Number(v) : null })}
              options={[any, ...teams.map((team) => ({ value: String(team.id), name: team.name }))]}
            />
          </div>
        </fieldset>
        <div className={styles.buttons}>
          <Button look="primary" type="submit" busy={save.isPending} disabled={!fields.title.trim()}>
            {t(incident ? "ui.save" : "incidents.open")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

const pick = (f: IncidentFields): IncidentFields => ({
  title: f.title,
  inside: f.inside,
  outside: f.outside,
  news_by: f.news_by,
  state: f.state,
  brand_id: f.brand_id,
  team_id: f.team_id,
  channel: f.channel,
  reason_id: f.reason_id,
  started_at: f.started_at,
});

/** An instant as a field for day and time holds it, by the clock of this machine. */
function local(at: string): string {
  const date = new Date(at);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
