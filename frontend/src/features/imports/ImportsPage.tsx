import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { api, callHeaders, refusal, unwrap } from "../../api/client";
import type { components } from "../../api/schema";
import { may, useMe } from "../../api/session";
import { useText } from "../../lib/i18n";
import { dayAndTime } from "../../lib/time";
import { Button } from "../../ui/Button";
import { SelectField } from "../../ui/Field";
import { EmptyState, ErrorState, Skeleton } from "../../ui/states";
import { Tabs } from "../../ui/Tabs";
import { toastError } from "../../ui/toast";
import { CustomersPart } from "./CustomersPart";
import styles from "./imports.module.css";
import { Rows } from "./Rows";

type Schemas = components["schemas"];
type Import = Schemas["Import"];
type Preview = Schemas["ImportPreview"];

const keys = { all: ["imports"] as const, one: (id: number) => ["imports", id] as const };
const runs = (i: Import) => i.state === "queued" || i.state === "running";

const listQuery = queryOptions({
  queryKey: keys.all,
  queryFn: async ({ signal }) => (await unwrap(api.GET("/api/imports", { signal }))).items,
});

const oneQuery = (id: number) =>
  queryOptions({
    queryKey: keys.one(id),
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/imports/{id}", { params: { path: { id: String(id) } }, signal })),
    refetchInterval: (query) => (query.state.data && runs(query.state.data.import) ? 1_000 : false),
  });

async function upload(file: File, target: string): Promise<Preview> {
  const form = new FormData();
  form.append("target", target);
  form.append("file", file);
  const answer = await fetch("/api/imports", { method: "POST", headers: callHeaders("POST"), body: form });
  const body: unknown = await answer.json().catch(() => undefined);
  if (!answer.ok) throw refusal(answer.status, body);
  return body as Preview;
}

/** What other systems hold: lists of complaints, and who the customers are. */
export function ImportsPage() {
  const t = useText();
  const me = useMe();
  const [tab, setTab] = useState<"complaints" | "customers">("complaints");
  return (
    <div className={`${styles.page} quiet-scroll`}>
      <h1 className={styles.title}>{t("imports.title")}</h1>
      {may(me, "customers.keep") ? (
        <Tabs
          label={t("imports.title")}
          value={tab}
          onChange={setTab}
          tabs={[
            { value: "complaints", name: t("imports.complaints") },
            { value: "customers", name: t("customers.import") },
          ]}
        >
          <div className={styles.tab}>{tab === "customers" ? <CustomersPart /> : <ComplaintsPart />}</div>
        </Tabs>
      ) : (
        <ComplaintsPart />
      )}
    </div>
  );
}

/** Lists of complaints: upload, say which column is what, run, and see what became of each row. */
function ComplaintsPart() {
  const t = useText();
  const [chosen, setChosen] = useState<number>();
  return (
    <>
      <p className={styles.quiet}>{t("imports.lead")}</p>
      <UploadForm onUploaded={setChosen} />
      {chosen !== undefined && <One id={chosen} key={chosen} />}
      <List chosen={chosen} onChoose={setChosen} />
    </>
  );
}

function UploadForm({ onUploaded }: { onUploaded: (id: number) => void }) {
  const t = useText();
  const me = useMe();
  const id = useId();
  const cache = useQueryClient();
  const [target, setTarget] = useState<"ombudsman" | "sac">(me.role === "ombudsman" ? "ombudsman" : "sac");
  const send = useMutation({
    mutationFn: (file: File) => upload(file, target),
    onSuccess: (preview) => {
      cache.setQueryData(keys.one(preview.import.id), preview);
      onUploaded(preview.import.id);
    },
    onError: toastError,
    onSettled: () => cache.invalidateQueries({ queryKey: keys.all, exact: true }),
  });
  return (
    <div className={styles.upload}>
      {me.role === "ombudsman" && (
        <SelectField
          label={t("imports.target")}
          value={target}
          onChange={setTarget}
          options={(["ombudsman", "sac"] as const).map((v) => ({ value: v, name: t(`imports.target.${v}`) }))}
        />
      )}
      <div>
        <label htmlFor={id}>{t("imports.file")}</label>
        <input
          id={id}
          type="file"
          accept=".csv,.txt,.xlsx"
          disabled={send.isPending}
          onChange={(e) => {
            const file = e.target.files?.[0];
            if (file) send.mutate(file);
            e.target.value = "";
          }}
        />
      </div>
      {send.isPending && <p role="status">{t("imports.uploading")}</p>}
    </div>
  );
}

function List({ chosen, onChoose }: { chosen?: number; onChoose: (id: number) => void }) {
  const t = useText();
  const all = useQuery(listQuery);
  if (all.isPending) return <Skeleton rows={3} />;
  if (all.isError) return <ErrorState error={all.error} onRetry={() => void all.refetch()} />;
  if (all.data.length === 0)
    return <EmptyState title={t("imports.none")}>{t("imports.none.hint")}</EmptyState>;
  return (
    <section aria-labelledby="imports-list">
      <h2 id="imports-list">{t("imports.list")}</h2>
      <ul className={styles.list}>
        {all.data.map((i) => (
          <li key={i.id}>
            <Button look="quiet" aria-pressed={i.id === chosen} onClick={() => onChoose(i.id)}>
              {i.name}
            </Button>
            <span className={styles.quiet}>
              {t(`imports.source.${i.source}`)} · {t(`imports.state.${i.state}`)} · {dayAndTime(i.created_at)}{" "}
              · {i.by}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const sources = ["consumidor_gov", "reclame_aqui", "procon", "bacen", "other"] as const;

function One({ id }: { id: number }) {
  const t = useText();
  const cache = useQueryClient();
  const found = useQuery(oneQuery(id));
  const [mapping, setMapping] = useState<Record<string, string>>();
  const [source, setSource] = useState<Import["source"]>();
  const settled = () => cache.invalidateQueries({ queryKey: keys.all });
  const path = { params: { path: { id: String(id) } } };
  const start = useMutation({
    mutationFn: (body: { source: Import["source"]; mapping: Record<string, string> }) =>
      unwrap(api.POST("/api/imports/{id}/run", { ...path, body })),
    onError: toastError,
    onSettled: settled,
  });
  const cancel = useMutation({
    mutationFn: () => unwrap(api.POST("/api/imports/{id}/cancel", path)),
    onError: toastError,
    onSettled: settled,
  });
  if (found.isPending) return <Skeleton rows={5} />;
  if (found.isError) return <ErrorState error={found.error} onRetry={() => void found.refetch()} />;
  const i = found.data.import;
  const used = mapping ?? i.mapping;
  return (
    <section className={styles.one} aria-labelledby="imports-one">
      <h2 id="imports-one">{i.name}</h2>
      <p className={styles.quiet}>
        {t(`imports.target.${i.target}`)} · {i.format.toUpperCase()}
        {i.format === "csv" && ` · ${i.encoding} · “${i.delimiter === "\t" ? "tab" : i.delimiter}”`} ·{" "}
        {t(`imports.state.${i.state}`)}
      </p>
      {i.state !== "uploaded" && <Progress i={i} />}
      {runs(i) ? (
        <Button busy={cancel.isPending} onClick={() => cancel.mutate()}>
          {t("imports.cancel")}
        </Button>
      ) : (
        <>
          <fieldset className={styles.mapping}>
            <legend>{t("imports.mapping")}</legend>
            <SelectField
              label={t("imports.source")}
              value={source ?? i.source}
              onChange={setSource}
              options={sources.map((s) => ({ value: s, name: t(`imports.source.${s}`) }))}
            />
            {found.data.fields.map((field) => (
              <SelectField
                key={field}
                label={t(`imports.field.${field}` as "imports.field.body")}
                value={used[field] ?? ""}
                onChange={(column) => setMapping({ ...used, [field]: column })}
                options={[
                  { value: "", name: t("imports.unmapped") },
                  ...i.columns.map((c) => ({ value: c, name: c })),
                ]}
              />
            ))}
          </fieldset>
          <Rows columns={i.columns} rows={found.data.rows} />
          <Button
            look="primary"
            busy={start.isPending}
            onClick={() => start.mutate({ source: source ?? i.source, mapping: used })}
          >
            {t(i.state === "uploaded" ? "imports.run" : "imports.again")}
          </Button>
        </>
      )}
      <Problems preview={found.data} />
    </section>
  );
}

function Progress({ i }: { i: Import }) {
  const t = useText();
  const known = i.bytes > 0 || i.state === "done";
  return (
    <div className={styles.progress}>
      <progress
        max={i.size}
        value={known ? (i.state === "done" ? i.size : i.bytes) : undefined}
        aria-label={t("imports.progress")}
      />
      <p role="status" className="numeric">
        {t("imports.counts", { rows: i.rows, imported: i.imported, already: i.already, failed: i.failed })}
      </p>
      {i.state === "done" && i.imported === 0 && i.already > 0 && <p>{t("imports.already")}</p>}
    </div>
  );
}

function Problems({ preview }: { preview: Preview }) {
  const t = useText();
  if (preview.problems.length === 0) return null;
  return (
    <section aria-labelledby="imports-problems">
      <h3 id="imports-problems">{t("imports.problems")}</h3>
      <p>
        <a href={`/api/imports/${preview.import.id}/errors.csv`} download>
          {t("imports.problems.download")}
        </a>
      </p>
      <ul className={styles.problems}>
        {preview.problems.map((p) => (
          <li key={`${p.row} ${p.column}`}>
            <span className="numeric">{t("imports.row", { row: p.row })}</span> {p.column && `${p.column}: `}
            {p.text} {p.value && <q>{p.value}</q>}
          </li>
        ))}
      </ul>
    </section>
  );
}
