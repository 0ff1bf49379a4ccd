import { type FormEvent, useState } from "react";
import type { ApiError } from "../../../api/client";
import type { PolicyTerms } from "../../../api/rules";
import { useText } from "../../../lib/i18n";
import { Button } from "../../../ui/Button";
import { CheckField, Field, SelectField } from "../../../ui/Field";
import styles from "../settings.module.css";
import { Several } from "./Several";
import { channels, clocks, kinds, type Names, priorities, units } from "./words";

interface PolicyFormProps {
  title: string;
  terms: PolicyTerms;
  names: Names;
  onDraft: (terms: PolicyTerms) => void;
  /** What the server refused of the draft. */
  wrong?: ApiError | undefined;
  onClose: () => void;
}

const byHand: readonly string[] = ["legal", "history", "duty"];

/** One rule: which demands it is for, and which deadline they get. */
export function PolicyForm({ title, terms, names, wrong, onDraft, onClose }: PolicyFormProps) {
  const t = useText();
  const [draft, setDraft] = useState(terms);
  const set = (part: Partial<PolicyTerms>) => setDraft({ ...draft, ...part });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onDraft(draft);
  };
  return (
    <>
      <h2>{title}</h2>
      <form className={styles.form} onSubmit={submit}>
        {wrong && (
          <p role="alert" className={styles.error}>
            {wrong.message}
          </p>
        )}
        <Field
          label={t("rules.name")}
          error={wrong?.field("name")}
          value={draft.name}
          onChange={(e) => set({ name: e.target.value })}
          maxLength={100}
          required
          autoFocus
        />
        <SelectField
          label={t("rules.clock")}
          error={wrong?.field("clock")}
          value={draft.clock}
          options={clocks.map((c) => ({ value: c, name: t(`rules.clock.${c}`) }))}
          onChange={(clock) =>
            set({ clock, by_hand: clock === "history" || (draft.by_hand && byHand.includes(clock)) })
          }
        />
        <Field
          label={t("rules.amount")}
          error={wrong?.field("amount")}
          type="number"
          min={1}
          required
          value={draft.amount || ""}
          onChange={(e) => set({ amount: Number(e.target.value) })}
        />
        <SelectField
          label={t("rules.unit")}
          error={wrong?.field("unit")}
          value={draft.unit}
          options={units.map((u) => ({ value: u, name: t(`rules.unit.${u}`) }))}
          onChange={(unit) => set({ unit })}
        />
        <Field
          label={t("rules.calendar")}
          error={wrong?.field("calendar")}
          hint={t("rules.calendar.hint")}
          value={draft.calendar}
          onChange={(e) => set({ calendar: e.target.value })}
          maxLength={40}
          required
        />
        <Several
          label={t("rules.channels")}
          error={wrong?.field("channels")}
          options={channels.map((id) => ({ id, name: t(`channel.${id}`) }))}
          chosen={draft.channels ?? []}
          onChange={(list) => set({ channels: list as PolicyTerms["channels"] })}
        />
        <Several
          label={t("rules.kinds")}
          error={wrong?.field("kinds")}
          options={kinds.map((id) => ({ id, name: t(`kind.${id}`) }))}
          chosen={draft.kinds ?? []}
          onChange={(list) => set({ kinds: list as PolicyTerms["kinds"] })}
        />
        <Several
          label={t("rules.priorities")}
          error={wrong?.field("priorities")}
          options={priorities.map((id) => ({ id: String(id), name: t(`priority.${id}`) }))}
          chosen={(draft.priorities ?? []).map(String)}
          onChange={(list) => set({ priorities: list.map(Number) })}
        />
        <Several
          label={t("rules.teams")}
          error={wrong?.field("teams")}
          options={names.teams.map((x) => ({ id: String(x.id), name: x.name }))}
          chosen={(draft.teams ?? []).map(String)}
          onChange={(list) => set({ teams: list.map(Number) })}
        />
        <Several
          label={t("rules.segments")}
          error={wrong?.field("segments")}
          options={names.segments}
          chosen={draft.segments ?? []}
          onChange={(segments) => set({ segments })}
        />
        <SelectField
          label={t("rules.wall")}
          error={wrong?.field("walled")}
          value={draft.walled == null ? "both" : draft.walled ? "walled" : "open"}
          options={[
            { value: "both", name: t("rules.wall.both") },
            { value: "open", name: t("rules.not_walled") },
            { value: "walled", name: t("rules.walled") },
          ]}
          onChange={(v) => set({ walled: v === "both" ? null : v === "walled" })}
        />
        <Field
          label={t("rules.valid_from")}
          error={wrong?.field("valid_from")}
          type="date"
          value={draft.valid_from}
          onChange={(e) => set({ valid_from: e.target.value })}
        />
        <Field
          label={t("rules.valid_to")}
          error={wrong?.field("valid_to")}
          type="date"
          value={draft.valid_to}
          min={draft.valid_from}
          onChange={(e) => set({ valid_to: e.target.value })}
        />
        <Field
          label={t("rules.legal_ref")}
          error={wrong?.field("legal_ref")}
          value={draft.legal_ref}
          onChange={(e) => set({ legal_ref: e.target.value })}
          maxLength={500}
        />
        <CheckField
          label={t("rules.pauses")}
          checked={draft.pauses ?? false}
          onChange={(pauses) => set({ pauses })}
        />
        <CheckField
          label={t("rules.roll")}
          checked={draft.roll ?? false}
          onChange={(roll) => set({ roll })}
        />
        {byHand.includes(draft.clock) && (
          <CheckField
            label={t("rules.by_hand")}
            checked={draft.by_hand ?? false}
            onChange={(by_hand) => set({ by_hand })}
          />
        )}
        {wrong?.field("by_hand") && <p className={styles.error}>{wrong.field("by_hand")}</p>}
        <CheckField label={t("rules.active")} checked={draft.active} onChange={(active) => set({ active })} />
        <div>
          <Button look="primary" type="submit">
            {t("rules.see_effect")}
          </Button>{" "}
          <Button look="quiet" onClick={onClose}>
            {t("call.cancel")}
          </Button>
        </div>
      </form>
    </>
  );
}
