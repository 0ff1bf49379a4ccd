import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ArrowLeft } from "lucide-react";
import { useState } from "react";
import { ApiError } from "../../../api/client";
import { teamsQuery } from "../../../api/directory";
import { kinds } from "../../../api/kinds";
import { copyText } from "../../../lib/clipboard";
import { useText } from "../../../lib/i18n";
import { Button, IconButton } from "../../../ui/Button";
import { CheckField, Field, SelectField } from "../../../ui/Field";
import { toast } from "../../../ui/toast";
import styles from "../settings.module.css";
import { brandsQuery, createForm, type Form, formsKey, type Parts, saveForm } from "./api";
import { FieldList } from "./FieldList";
import own from "./forms.module.css";
import { newField, partsOf, slugOf, snippet } from "./model";
import { Preview } from "./Preview";
import { TextArea } from "./TextArea";

interface Props {
  form: Form | "new";
  onClose: () => void;
}

/** One form being built, beside the page that customers will see. */
export function FormEditor({ form: given, onClose }: Props) {
  const t = useText();
  const cache = useQueryClient();
  const teams = useQuery(teamsQuery).data ?? [];
  const brands = useQuery(brandsQuery).data ?? [];
  const [form, setForm] = useState(given);
  const [slug, setSlug] = useState("");
  const [draft, setDraft] = useState<Parts>(() => (given === "new" ? blank(t) : partsOf(given)));
  const [refused, setRefused] = useState<ApiError>();
  const isNew = form === "new";
  const address = isNew ? slug || slugOf(draft.name) : form.slug;

  const save = useMutation({
    mutationFn: async (publish: boolean) => {
      const parts = { ...draft, sites: draft.sites.filter((site) => site.trim() !== "") };
      const stored = form === "new" ? await createForm(address, parts) : await saveForm(form, parts);
      return publish && !stored.active ? saveForm(stored, { active: true }) : stored;
    },
    onSuccess: (stored, publish) => {
      setForm(stored);
      setDraft(partsOf(stored));
      toast(t(publish ? "forms.published" : "forms.saved", { name: stored.name }));
    },
    onSettled: () => cache.invalidateQueries({ queryKey: formsKey }),
  });
  const withdraw = useMutation({
    mutationFn: (stored: Form) => saveForm(stored, { active: false }),
    onSuccess: (stored) => {
      setForm(stored);
      toast(t("forms.withdrawn", { name: stored.name }));
    },
    onSettled: () => cache.invalidateQueries({ queryKey: formsKey }),
  });
  const failed = save.error ?? withdraw.error;
  const problem = failed instanceof ApiError ? failed : refused;
  const set = (change: Partial<Parts>) => setDraft({ ...draft, ...change });

  return (
    <>
      <header className={own.head}>
        <IconButton label={t("forms.back")} icon={<ArrowLeft />} onClick={onClose} />
        <h2>{draft.name || t("forms.untitled")}</h2>
        <span className={!isNew && form.active ? own.live : own.draft}>
          {t(!isNew && form.active ? "forms.active" : "forms.draft")}
        </span>
        <div className={own.actions}>
          {!isNew && form.active ? (
            <Button look="quiet" busy={withdraw.isPending} onClick={() => withdraw.mutate(form)}>
              {t("forms.withdraw")}
            </Button>
          ) : (
            <Button busy={save.isPending} onClick={() => save.mutate(false)}>
              {t("forms.save")}
            </Button>
          )}
          <Button look="primary" busy={save.isPending} onClick={() => save.mutate(true)}>
            {t(!isNew && form.active ? "forms.publish.again" : "forms.publish")}
          </Button>
        </div>
      </header>
      {failed && (
        <p role="alert" className={styles.error}>
          {failed.message}
        </p>
      )}
      <div className={own.editor}>
        <div className={own.parts}>
          <Field
            label={t("forms.name")}
            value={draft.name}
            onChange={(e) => set({ name: e.target.value })}
            error={problem?.field("body.name")}
            maxLength={100}
            required
          />
          {isNew ? (
            <Field
              label={t("forms.address")}
              value={address}
              onChange={(e) => setSlug(e.target.value)}
              hint={t("forms.address.hint")}
              error={problem?.field("body.slug")}
            />
          ) : (
            <p className={styles.quiet}>{form.url}</p>
          )}
          <TextArea
            label={t("forms.intro")}
            value={draft.intro}
            onChange={(intro) => set({ intro })}
            error={problem?.field("body.intro")}
          />
          <div className={own.pair}>
            <SelectField
              label={t("forms.team")}
              value={String(draft.team_id)}
              options={[
                { value: "0", name: t("forms.default") },
                ...teams.map((team) => ({ value: String(team.id), name: team.name })),
              ]}
              onChange={(id) => set({ team_id: Number(id) })}
            />
            <SelectField
              label={t("forms.brand")}
              value={String(draft.brand_id)}
              options={[
                { value: "0", name: t("forms.default") },
                ...brands.map((brand) => ({ value: String(brand.id), name: brand.name })),
              ]}
              onChange={(id) => set({ brand_id: Number(id) })}
            />
          </div>
          <fieldset className={own.kinds}>
            <legend>{t("forms.kinds")}</legend>
            <p className={styles.quiet}>{t("forms.kinds.hint")}</p>
            <div>
              {kinds.map((kind) => (
                <CheckField
                  key={kind}
                  label={t(`kind.${kind}`)}
                  checked={draft.kinds.includes(kind)}
                  onChange={(on) =>
                    set({ kinds: kinds.filter((k) => (k === kind ? on : draft.kinds.includes(k))) })
                  }
                />
              ))}
            </div>
            {problem?.field("body.kinds") && <p className={styles.error}>{problem.field("body.kinds")}</p>}
          </fieldset>
          <FieldList fields={draft.fields} onChange={(fields) => set({ fields })} problem={problem} />
          <TextArea
            label={t("forms.sites")}
            hint={t("forms.sites.hint")}
            value={draft.sites.join("\n")}
            onChange={(text) => set({ sites: text.split("\n") })}
            error={draft.sites.map((_, i) => problem?.field(`body.sites[${i}]`)).find(Boolean)}
          />
          {!isNew && draft.sites.some((site) => site.trim() !== "") && (
            <div className={own.snippet}>
              <p>{t("forms.snippet")}</p>
              <code>{snippet(form)}</code>
              <Button onClick={() => void copyText(snippet(form)).then(() => toast(t("forms.copied")))}>
                {t("forms.copy")}
              </Button>
            </div>
          )}
        </div>
        <Preview draft={draft} onRefused={setRefused} />
      </div>
    </>
  );
}

/** A form to begin with: who, how to answer, and what happened. */
function blank(t: ReturnType<typeof useText>): Parts {
  const name = { ...newField("text", t("forms.start.name"), []), means: "name" as const };
  const email = { ...newField("email", t("forms.start.email"), []), means: "email" as const, required: true };
  const body = {
    ...newField("long_text", t("forms.start.body"), []),
    means: "body" as const,
    required: true,
  };
  return {
    name: "",
    intro: "",
    brand_id: 0,
    team_id: 0,
    kinds: ["solicitacao"],
    sites: [],
    fields: [name, email, body],
  };
}
