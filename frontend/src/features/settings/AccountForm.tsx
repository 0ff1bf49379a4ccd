import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiError } from "../../api/client";
import type { NewAccount, Team } from "../../api/types";
import { useText } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { CheckField, Field, SelectField } from "../../ui/Field";
import { toast } from "../../ui/toast";
import { createAccount } from "./api";
import styles from "./settings.module.css";

const roles = ["agent", "supervisor", "ombudsman", "admin"] as const;

export function AccountForm({ teams, onDone }: { teams: readonly Team[]; onDone: () => void }) {
  const t = useText();
  const [draft, setDraft] = useState<NewAccount>({
    name: "",
    email: "",
    password: "",
    role: "agent",
    teams: [],
  });
  const create = useMutation({
    mutationFn: () => createAccount(draft),
    onSuccess: (account) => {
      toast(t("people.added", { name: account.name }));
      onDone();
    },
  });
  const problem = create.error instanceof ApiError ? create.error : undefined;
  const set = (change: Partial<NewAccount>) => setDraft({ ...draft, ...change });
  const chosen = draft.teams ?? [];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <form className={`${styles.form} ${styles.inDialog}`} onSubmit={submit}>
      <Field
        label={t("people.name")}
        value={draft.name}
        onChange={(e) => set({ name: e.target.value })}
        error={problem?.field("name")}
        autoComplete="off"
        required
      />
      <Field
        label={t("login.email")}
        type="email"
        value={draft.email}
        onChange={(e) => set({ email: e.target.value })}
        error={problem?.field("email")}
        autoComplete="off"
        required
      />
      <Field
        label={t("people.password")}
        type="password"
        value={draft.password}
        onChange={(e) => set({ password: e.target.value })}
        hint={t("password.hint")}
        error={problem?.field("password")}
        autoComplete="new-password"
        required
      />
      <SelectField
        label={t("people.role")}
        value={draft.role}
        options={roles.map((value) => ({ value, name: t(`role.${value}`) }))}
        onChange={(role) => set({ role })}
        error={problem?.field("role")}
      />
      <fieldset className={styles.checks}>
        <legend>{t("settings.equipes")}</legend>
        {teams.map((team) => (
          <CheckField
            key={team.id}
            label={team.name}
            checked={chosen.includes(team.id)}
            onChange={(on) =>
              set({ teams: on ? [...chosen, team.id] : chosen.filter((id) => id !== team.id) })
            }
          />
        ))}
      </fieldset>
      {create.error && (
        <p role="alert" className={styles.error}>
          {create.error.message}
        </p>
      )}
      <div>
        <Button look="primary" type="submit" busy={create.isPending}>
          {t("people.create")}
        </Button>
      </div>
    </form>
  );
}
