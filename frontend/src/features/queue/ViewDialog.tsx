import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { ApiError } from "../../api/client";
import { teamsQuery } from "../../api/directory";
import { keys } from "../../api/keys";
import { may, useMe } from "../../api/session";
import type { SavedCondition, SavedView } from "../../api/types";
import { useText } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { CheckField, Field, SelectField } from "../../ui/Field";
import { toastError } from "../../ui/toast";
import { Conditions } from "./Conditions";
import styles from "./ViewDialog.module.css";
import { sorts } from "./view";
import { changeView, createView, removeView, savedViewsQuery, type ViewFields } from "./views";

const scopes = ["own", "team", "all"] as const;
const fresh: SavedCondition = { all: [{ field: "status", op: "in", values: ["open"] }] };

/** A list of one's own: its name, for whom it is, and what it holds. */
export default function ViewDialog({ view, onClose }: { view: SavedView | undefined; onClose: () => void }) {
  const t = useText();
  const me = useMe();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const teams = useQuery(teamsQuery).data ?? [];
  const [fields, setFields] = useState<ViewFields>(() =>
    view
      ? { ...view, team_id: view.team_id ?? undefined }
      : { name: "", scope: "own", sort: "due", pinned: true, rule: fresh },
  );
  const change = (part: Partial<ViewFields>) => setFields({ ...fields, ...part });
  const body: ViewFields = {
    name: fields.name,
    scope: fields.scope,
    team_id: fields.scope === "team" ? (fields.team_id ?? me.teams[0]?.id) : undefined,
    sort: fields.sort,
    pinned: fields.pinned,
    rule: fields.rule,
  };
  const done = async () => {
    await cache.invalidateQueries({ queryKey: savedViewsQuery.queryKey });
    void cache.invalidateQueries({ queryKey: keys.counts });
    void cache.invalidateQueries({ queryKey: keys.lists });
    onClose();
  };
  const save = useMutation({
    mutationFn: () => (view ? changeView(view, body) : createView(body)),
    onSuccess: async (saved) => {
      await done();
      void navigate({ to: "/fila", search: { view: `${saved.id}`, sort: saved.sort } });
    },
  });
  const remove = useMutation({
    mutationFn: () => removeView(view!),
    onSuccess: async () => {
      await done();
      void navigate({ to: "/fila" });
    },
    onError: toastError,
  });
  const error = save.error instanceof ApiError ? save.error : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };

  return (
    <Dialog open onClose={onClose} title={t(view ? "views.change" : "views.new")} wide>
      <form className={styles.form} onSubmit={submit}>
        <Field
          label={t("views.name")}
          value={fields.name}
          maxLength={60}
          required
          error={error?.field("name")}
          onChange={(e) => change({ name: e.target.value })}
        />
        <Conditions rule={fields.rule} onChange={(rule) => change({ rule })} />
        <div className={styles.line}>
          <SelectField
            label={t("queue.sort")}
            value={fields.sort}
            options={sorts.map((value) => ({ value, name: t(`sort.${value}`) }))}
            onChange={(sort) => change({ sort })}
          />
          {may(me, "views.share") && (
            <SelectField
              label={t("views.scope")}
              value={fields.scope}
              options={scopes.map((value) => ({ value, name: t(`views.scope.${value}`) }))}
              onChange={(scope) => change({ scope })}
            />
          )}
          {fields.scope === "team" && (
            <SelectField
              label={t("views.team")}
              value={String(body.team_id ?? "")}
              options={teams.map((team) => ({ value: String(team.id), name: team.name }))}
              onChange={(id) => change({ team_id: Number(id) })}
            />
          )}
        </div>
        <CheckField
          label={t("views.pinned")}
          checked={fields.pinned}
          onChange={(pinned) => change({ pinned })}
        />
        {save.isError && (
          <p role="alert" className={styles.error}>
            {error?.problem.errors?.[0]?.detail ?? save.error.message}
          </p>
        )}
        <footer className={styles.foot}>
          {view && (
            <Button look="quiet" busy={remove.isPending} onClick={() => remove.mutate()}>
              {t("views.remove")}
            </Button>
          )}
          <Button look="primary" type="submit" busy={save.isPending}>
            {t("views.save")}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
