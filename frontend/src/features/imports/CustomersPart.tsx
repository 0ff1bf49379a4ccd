import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { ApiError, callHeaders, refusal } from "../../api/client";
import type { components } from "../../api/schema";
import { useText } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { Field, SelectField } from "../../ui/Field";
import { toastError } from "../../ui/toast";
import { customerFields, guess, type Head, type Mapping, readHead, renamed } from "./head";
import styles from "./imports.module.css";
import { Rows } from "./Rows";

type Result = components["schemas"]["ImportedCustomers"];

async function send(file: Blob, name: string, source: string): Promise<Result> {
  const form = new FormData();
  form.append("source", source);
  form.append("file", file, name);
  const answer = await fetch("/api/customers/import", {
    method: "POST",
    headers: callHeaders("POST"),
    body: form,
  });
  const body: unknown = await answer.json().catch(() => undefined);
  if (!answer.ok) throw refusal(answer.status, body);
  return body as Result;
}

/** Customers as another system has them: a file, which column is what, and what became of each line. */
export function CustomersPart() {
  const t = useText();
  const id = useId();
  const [chosen, setChosen] = useState<{ file: File; head: Head }>();
  const choose = async (file: File) => {
    try {
      setChosen({ file, head: await readHead(file) });
    } catch (error) {
      toastError(error);
    }
  };
  return (
    <>
      <p className={styles.quiet}>{t("customers.import.lead")}</p>
      <div className={styles.upload}>
        <div>
          <label htmlFor={id}>{t("customers.import.file")}</label>
          <input
            id={id}
            type="file"
            accept=".csv,.txt"
            onChange={(e) => {
              const file = e.target.files?.[0];
              if (file) void choose(file);
              e.target.value = "";
            }}
          />
        </div>
      </div>
      {chosen && <Chosen key={`${chosen.file.name} ${chosen.file.lastModified}`} {...chosen} />}
    </>
  );
}

function Chosen({ file, head }: { file: File; head: Head }) {
  const t = useText();
  const [mapping, setMapping] = useState<Mapping>(() => guess(head.columns));
  const [source, setSource] = useState("");
  const run = useMutation({
    mutationFn: () => send(renamed(file, head, mapping), file.name, source.trim()),
    onError: toastError,
  });
  const missing = mapping.external_id === undefined || mapping.name === undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!missing && source.trim() && !run.isPending) run.mutate();
  };
  return (
    <form className={styles.one} onSubmit={submit}>
      <h2>{file.name}</h2>
      <Rows columns={head.columns} rows={head.rows} />
      <fieldset className={styles.mapping}>
        <legend>{t("imports.mapping")}</legend>
        <Field
          label={t("customers.import.source")}
          hint={t("customers.import.source.hint")}
          value={source}
          maxLength={60}
          required
          error={run.error instanceof ApiError ? run.error.field("source") : undefined}
          onChange={(e) => setSource(e.target.value)}
        />
        {customerFields.map((field) => (
          <SelectField
            key={field}
            label={t(`customers.field.${field}`)}
            value={String(mapping[field] ?? "")}
            onChange={(at) => setMapping({ ...mapping, [field]: at === "" ? undefined : Number(at) })}
            options={[
              { value: "", name: t("imports.unmapped") },
              ...head.columns.map((name, at) => ({ value: String(at), name: name || `${at + 1}` })),
            ]}
          />
        ))}
      </fieldset>
      {missing && <p className={styles.quiet}>{t("customers.import.missing")}</p>}
      <Button look="primary" type="submit" busy={run.isPending} disabled={missing || !source.trim()}>
        {t(run.data ? "imports.again" : "customers.import.run")}
      </Button>
      {run.isPending && <p role="status">{t("customers.import.running")}</p>}
      {run.data && <Outcome result={run.data} />}
    </form>
  );
}

function Outcome({ result }: { result: Result }) {
  const t = useText();
  const column = (name: string) => {
    const field = customerFields.find((one) => one === name);
    return field ? t(`customers.field.${field}`) : name;
  };
  return (
    <section className={styles.progress} aria-label={t("customers.import.done")}>
      <p role="status" className="numeric">
        {t("customers.import.counts", {
          lines: result.lines,
          created: result.created,
          updated: result.updated,
          failed: result.failed,
        })}
      </p>
      {result.errors.length > 0 && (
        <ul className={styles.problems}>
          {result.errors.map((line) => (
            <li key={line.line}>
              <span className="numeric">{t("imports.row", { row: line.line })}</span>
              <span>
                {line.problems.map((p) => (p.column ? `${column(p.column)}: ${p.text}` : p.text)).join(" ")}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
