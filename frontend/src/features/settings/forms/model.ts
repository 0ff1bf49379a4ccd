import type { Form, FormField, Parts } from "./api";

export const types = [
  "text",
  "long_text",
  "email",
  "phone",
  "cpf",
  "cnpj",
  "cpf_or_cnpj",
  "nfe",
  "date",
  "number",
  "money",
  "select",
  "radio",
  "checkboxes",
  "reason",
  "file",
  "consent",
] as const satisfies readonly FormField["type"][];

export type FieldType = (typeof types)[number];

export const operators = ["equals", "differs", "contains", "filled", "missing"] as const;

export const bases = [
  "consent",
  "legal_obligation",
  "contract",
  "rights",
  "legitimate_interest",
  "credit",
] as const;

/** Which parts of a ticket an answer of this type may become. */
export function meanings(type: FieldType): FormField["means"][] {
  switch (type) {
    case "text":
      return ["", "name", "subject"];
    case "long_text":
      return ["", "body"];
    case "email":
      return ["", "email"];
    case "phone":
      return ["", "phone"];
    case "cpf":
    case "cnpj":
    case "cpf_or_cnpj":
      return ["", "document"];
    case "select":
    case "radio":
      return ["", "subject"];
    default:
      return [""];
  }
}

export const hasOptions = (type: FieldType) => type === "select" || type === "radio" || type === "checkboxes";
export const isPersonal = (type: FieldType) =>
  ["email", "phone", "cpf", "cnpj", "cpf_or_cnpj", "text", "date"].includes(type);

/** "Troca e devolução" becomes "troca-e-devolucao". */
export const slugOf = (name: string) => simplified(name, "-").slice(0, 40).replace(/-+$/, "");

/** A name for a field that no other of the form has; it never changes later, when people rename the question. */
export function keyOf(label: string, taken: readonly string[]): string {
  const plain =
    simplified(label, "_")
      .replace(/^[^a-z]+/, "")
      .slice(0, 30) || "campo";
  const reserved = ["key", "website", "kind", "version", "seal", "work", "files"];
  for (let n = 1; ; n++) {
    const key = n === 1 ? plain : `${plain}_${n}`;
    if (!taken.includes(key) && !reserved.includes(key)) return key;
  }
}

const simplified = (text: string, between: string) =>
  text
    .normalize("NFKD")
    .replace(/\p{Mn}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, between)
    .replace(new RegExp(`^${between}+|${between}+$`, "g"), "");

export function newField(type: FieldType, label: string, fields: readonly FormField[]): FormField {
  const labels = fields.map((f) => f.label.toLowerCase());
  let name = label;
  for (let n = 2; labels.includes(name.toLowerCase()); n++) name = `${label} ${n}`;
  const keys = fields.map((f) => f.key);
  return {
    key: type === "file" ? "files" : keyOf(name, keys),
    type,
    label: name,
    help: "",
    required: type === "consent",
    options: [],
    show: null,
    means: "",
    purpose: "",
    legal_basis: "",
  };
}

/** Puts a field in another place. A condition that would look at a later field goes. */
export function moved(fields: readonly FormField[], from: number, to: number): FormField[] {
  const all = [...fields];
  const [one] = all.splice(from, 1);
  if (one) all.splice(Math.max(0, Math.min(to, all.length)), 0, one);
  return withoutBrokenConditions(all);
}

export function withoutBrokenConditions(fields: readonly FormField[]): FormField[] {
  return fields.map((field, at) =>
    field.show && !fields.slice(0, at).some((f) => f.key === field.show?.field)
      ? { ...field, show: null }
      : field,
  );
}

export const partsOf = ({ name, intro, brand_id, team_id, kinds, fields, sites }: Form): Parts => ({
  name,
  intro,
  brand_id,
  team_id,
  kinds,
  fields,
  sites,
});

/** What goes into another site's page. */
export const snippet = (form: Form) =>
  `<script src="${new URL("/widget.js", form.url).href}" data-form="${form.slug}" async></script>`;
