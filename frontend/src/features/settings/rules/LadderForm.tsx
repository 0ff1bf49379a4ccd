import { useMutation } from "@tanstack/react-query";
import { Plus, X } from "lucide-react";
import { type FormEvent, useState } from "react";
import { ApiError } from "../../../api/client";
import { keepLadder, type Regime, type Rung } from "../../../api/rules";
import { useText } from "../../../lib/i18n";
import { Button, IconButton } from "../../../ui/Button";
import { Field, SelectField } from "../../../ui/Field";
import { toast } from "../../../ui/toast";
import styles from "../settings.module.css";
import own from "./rules.module.css";
import { type Names, rises, rungStages } from "./words";

const most = 12;

interface LadderFormProps {
  regime: Regime;
  names: Names;
  onDone: () => void;
  onClose: () => void;
}

/** The steps of a regime's ladder, edited as a whole. */
export function LadderForm({ regime, names, onDone, onClose }: LadderFormProps) {
  const t = useText();
  const [steps, setSteps] = useState(() => regime.ladder.map((rung, i) => ({ key: i, rung })));
  const save = useMutation({
    mutationFn: () =>
      keepLadder(
        regime,
        steps.map((s) => s.rung),
      ),
    onSuccess: () => {
      toast(t("ladder.saved"));
      onDone();
    },
  });
  const wrong = (i: number, field: string) =>
    save.error instanceof ApiError ? save.error.field(`body.ladder.${i}.${field}`) : undefined;
  const set = (key: number, part: Partial<Rung>) =>
    setSteps(steps.map((s) => (s.key === key ? { ...s, rung: { ...s.rung, ...part } } : s)));
  const add = () =>
    setSteps([
      ...steps,
      {
        key: Math.max(0, ...steps.map((s) => s.key)) + 1,
        rung: { stage: 90, after: 0, act: "supervisors", team_id: null },
      },
    ]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <>
      <h2>{t("ladder.edit", { name: regime.name })}</h2>
      <p className={styles.quiet}>{t("ladder.hint")}</p>
      <form onSubmit={submit}>
        {steps.map(({ key, rung }, i) => (
          <fieldset key={key} className={own.rung}>
            <legend className="visually-hidden">{t("ladder.step", { n: i + 1 })}</legend>
            <SelectField
              label={t("ladder.stage")}
              value={String(rung.stage) as `${Rung["stage"]}`}
              options={rungStages.map((s) => ({ value: `${s}` as const, name: t(`ladder.stage.${s}`) }))}
              onChange={(s) => {
                const stage = Number(s) as Rung["stage"];
                set(key, { stage, after: stage === 100 ? (rung.after ?? 0) : 0 });
              }}
              error={wrong(i, "stage")}
            />
            <SelectField
              label={t("ladder.act")}
              value={rung.act}
              options={rises.map((a) => ({ value: a, name: t(`ladder.act.${a}`) }))}
              onChange={(act) =>
                set(key, { act, team_id: act === "reassign" ? (rung.team_id ?? null) : null })
              }
              error={wrong(i, "act")}
            />
            {rung.stage === 100 && (
              <Field
                label={t("ladder.after")}
                type="number"
                min={0}
                max={43_200}
                value={rung.after ?? 0}
                onChange={(e) => set(key, { after: Number(e.target.value) })}
                error={wrong(i, "after")}
              />
            )}
            {rung.act === "reassign" && (
              <SelectField
                label={t("ladder.team")}
                value={String(rung.team_id ?? "")}
                options={[
                  { value: "", name: t("ladder.team.same") },
                  ...names.teams.map((team) => ({ value: String(team.id), name: team.name })),
                ]}
                onChange={(id) => set(key, { team_id: id ? Number(id) : null })}
                error={wrong(i, "team_id")}
              />
            )}
            <IconButton
              label={t("ladder.remove", { n: i + 1 })}
              icon={<X />}
              onClick={() => setSteps(steps.filter((s) => s.key !== key))}
            />
          </fieldset>
        ))}
        {steps.length < most && (
          <Button look="quiet" icon={<Plus aria-hidden />} onClick={add}>
            {t("ladder.add")}
          </Button>
        )}
        {save.error && (
          <p role="alert" className={styles.error}>
            {save.error.message}
          </p>
        )}
        <div className={own.foot}>
          <Button look="primary" type="submit" busy={save.isPending}>
            {t("ladder.save")}
          </Button>{" "}
          <Button look="quiet" onClick={onClose}>
            {t("call.cancel")}
          </Button>
        </div>
      </form>
    </>
  );
}
