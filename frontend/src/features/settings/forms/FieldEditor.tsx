import { useText } from "../../../lib/i18n";
import { CheckField, Field, SelectField } from "../../../ui/Field";
import type { FormField } from "./api";
import own from "./forms.module.css";
import { bases, hasOptions, isPersonal, meanings, operators } from "./model";
import { TextArea } from "./TextArea";

interface Props {
  field: FormField;
  /** The fields asked before it, on which it may depend. */
  before: readonly FormField[];
  wrong: (name: string) => string | undefined;
  onChange: (field: FormField) => void;
}

/** Everything about one question. */
export function FieldEditor({ field, before, wrong, onChange }: Props) {
  const t = useText();
  const set = (change: Partial<FormField>) => onChange({ ...field, ...change });
  const roles = meanings(field.type);
  return (
    <div className={own.field}>
      <Field
        label={t("forms.label")}
        value={field.label}
        onChange={(e) => set({ label: e.target.value })}
        error={wrong("label")}
        maxLength={100}
      />
      <TextArea
        label={t(field.type === "consent" ? "forms.consent" : "forms.help")}
        value={field.help}
        onChange={(help) => set({ help })}
        error={wrong("help")}
      />
      {hasOptions(field.type) && (
        <TextArea
          label={t("forms.options")}
          hint={t("forms.options.hint")}
          value={field.options.join("\n")}
          onChange={(text) => set({ options: text === "" ? [] : text.split("\n") })}
          error={wrong("options")}
        />
      )}
      <CheckField
        label={t("forms.required.label")}
        checked={field.required}
        onChange={(required) => set({ required })}
      />
      {roles.length > 1 && (
        <SelectField
          label={t("forms.means")}
          value={field.means}
          options={roles.map((value) => ({ value, name: t(`forms.means.${value || "none"}`) }))}
          onChange={(means) => set({ means })}
          error={wrong("means")}
        />
      )}
      <ConditionEditor field={field} before={before} wrong={wrong} onChange={onChange} />
      {isPersonal(field.type) && (
        <div className={own.pair}>
          <Field
            label={t("forms.purpose")}
            value={field.purpose}
            onChange={(e) => set({ purpose: e.target.value })}
            hint={t("forms.purpose.hint")}
            error={wrong("purpose")}
            maxLength={200}
          />
          <SelectField
            label={t("forms.basis")}
            value={field.legal_basis}
            options={[
              { value: "" as const, name: t("forms.basis.none") },
              ...bases.map((value) => ({ value, name: t(`forms.basis.${value}`) })),
            ]}
            onChange={(legal_basis) => set({ legal_basis })}
          />
        </div>
      )}
    </div>
  );
}

function ConditionEditor({ field, before, wrong, onChange }: Props) {
  const t = useText();
  const askable = before.filter((f) => f.type !== "file");
  if (askable.length === 0) return null;
  const show = field.show;
  const asked = askable.find((f) => f.key === show?.field);
  const compared = show && show.is !== "filled" && show.is !== "missing";
  const bare = asked?.type === "reason" || asked?.type === "consent";
  return (
    <div className={own.condition}>
      <SelectField
        label={t("forms.show")}
        value={show?.field ?? ""}
        options={[
          { value: "", name: t("forms.show.always") },
          ...askable.map((f) => ({ value: f.key, name: t("forms.show.when", { label: f.label }) })),
        ]}
        onChange={(key) => onChange({ ...field, show: key ? { field: key, is: "filled", value: "" } : null })}
        error={wrong("show.field")}
      />
      {show && (
        <SelectField
          label={t("forms.is")}
          value={show.is}
          options={operators
            .filter((is) => !bare || is === "filled" || is === "missing")
            .map((value) => ({ value, name: t(`forms.is.${value}`) }))}
          onChange={(is) => onChange({ ...field, show: { ...show, is } })}
          error={wrong("show.is")}
        />
      )}
      {compared &&
        (asked && hasOptions(asked.type) && show.is !== "contains" ? (
          <SelectField
            label={t("forms.value")}
            value={show.value}
            options={["", ...asked.options].map((value) => ({
              value,
              name: value || t("forms.value.choose"),
            }))}
            onChange={(value) => onChange({ ...field, show: { ...show, value } })}
            error={wrong("show.value")}
          />
        ) : (
          <Field
            label={t("forms.value")}
            value={show.value}
            onChange={(e) => onChange({ ...field, show: { ...show, value: e.target.value } })}
            error={wrong("show.value")}
          />
        ))}
    </div>
  );
}
