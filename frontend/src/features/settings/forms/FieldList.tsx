import { ChevronDown, ChevronUp, GripVertical, Plus, Trash2 } from "lucide-react";
import { type DragEvent, type KeyboardEvent, useRef, useState } from "react";
import type { ApiError } from "../../../api/client";
import { useText } from "../../../lib/i18n";
import { Button, IconButton } from "../../../ui/Button";
import { SelectField } from "../../../ui/Field";
import type { FormField } from "./api";
import { FieldEditor } from "./FieldEditor";
import own from "./forms.module.css";
import { type FieldType, moved, newField, types, withoutBrokenConditions } from "./model";

interface Props {
  fields: readonly FormField[];
  onChange: (fields: FormField[]) => void;
  problem?: ApiError;
}

/** The questions in their order: one is open, any can be dragged or moved by the keyboard. */
export function FieldList({ fields, onChange, problem }: Props) {
  const t = useText();
  const [open, setOpen] = useState<string>();
  const [type, setType] = useState<FieldType>("text");
  const [over, setOver] = useState<number>();
  const [told, setTold] = useState("");
  const dragged = useRef<number>(undefined);
  const list = useRef<HTMLOListElement>(null);

  const move = (from: number, to: number) => {
    if (to < 0 || to >= fields.length) return;
    onChange(moved(fields, from, to));
    setTold(t("forms.moved", { name: fields[from]!.label, n: to + 1 }));
    // The focus goes with the field.
    requestAnimationFrame(() => list.current?.querySelectorAll<HTMLElement>("[data-handle]")[to]?.focus());
  };
  const steer = (event: KeyboardEvent, at: number) => {
    const step = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
    if (step === 0) return;
    event.preventDefault();
    move(at, at + step);
  };
  const drop = (event: DragEvent, at: number) => {
    event.preventDefault();
    setOver(undefined);
    if (dragged.current !== undefined && dragged.current !== at) move(dragged.current, at);
    dragged.current = undefined;
  };
  const add = () => {
    const field = newField(type, t(`forms.type.${type}`), fields);
    onChange([...fields, field]);
    setOpen(field.key);
  };

  return (
    <section aria-labelledby="form-fields">
      <h3 id="form-fields">{t("forms.fields")}</h3>
      <p className={own.hint}>{t("forms.fields.hint")}</p>
      <ol ref={list} className={own.fields}>
        {fields.map((field, at) => {
          const wrong = problem?.problem.errors?.some((e) => e.field.includes(`fields[${at}]`));
          return (
            <li
              key={field.key}
              className={over === at ? own.over : undefined}
              onDragOver={(e) => {
                e.preventDefault();
                setOver(at);
              }}
              onDragLeave={() => setOver(undefined)}
              onDrop={(e) => drop(e, at)}
            >
              <div className={own.row}>
                <IconButton
                  label={t("forms.move", { name: field.label })}
                  icon={<GripVertical />}
                  data-handle
                  draggable
                  onDragStart={() => {
                    dragged.current = at;
                  }}
                  onKeyDown={(e) => steer(e, at)}
                />
                <button
                  type="button"
                  className={own.opener}
                  aria-expanded={open === field.key}
                  onClick={() => setOpen(open === field.key ? undefined : field.key)}
                >
                  <strong>{field.label}</strong>
                  <span>
                    {t(`forms.type.${field.type}`)}
                    {field.required && ` · ${t("forms.required")}`}
                    {field.show && ` · ${t("forms.conditional")}`}
                  </span>
                  {wrong && <em>{t("forms.field.wrong")}</em>}
                  {open === field.key ? <ChevronUp aria-hidden /> : <ChevronDown aria-hidden />}
                </button>
                <IconButton
                  label={t("forms.remove", { name: field.label })}
                  icon={<Trash2 />}
                  onClick={() => onChange(withoutBrokenConditions(fields.filter((f) => f !== field)))}
                />
              </div>
              {open === field.key && (
                <FieldEditor
                  field={field}
                  before={fields.slice(0, at)}
                  wrong={(name) => problem?.field(`body.fields[${at}].${name}`)}
                  onChange={(next) => onChange(fields.map((f) => (f === field ? next : f)))}
                />
              )}
            </li>
          );
        })}
      </ol>
      <p role="status" className="visually-hidden">
        {told}
      </p>
      <div className={own.adder}>
        <SelectField
          label={t("forms.new_field")}
          value={type}
          options={types
            .filter((value) => value !== "file" || !fields.some((f) => f.type === "file"))
            .map((value) => ({ value, name: t(`forms.type.${value}`) }))}
          onChange={setType}
        />
        <Button icon={<Plus aria-hidden />} onClick={add}>
          {t("forms.add_field")}
        </Button>
      </div>
    </section>
  );
}
