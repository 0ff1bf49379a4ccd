import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiError } from "../../api/client";
import { peopleQuery, teamsQuery } from "../../api/directory";
import { keys } from "../../api/keys";
import { useText } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { ErrorState, Skeleton } from "../../ui/states";
import { createTeam } from "./api";
import styles from "./settings.module.css";

export function TeamsPanel() {
  const t = useText();
  const cache = useQueryClient();
  const teams = useQuery(teamsQuery);
  const people = useQuery(peopleQuery).data ?? [];
  const [name, setName] = useState("");
  const create = useMutation({
    mutationFn: () => createTeam(name.trim()),
    onSuccess: () => setName(""),
    onSettled: () => cache.invalidateQueries({ queryKey: keys.teams }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  if (teams.isPending) return <Skeleton rows={4} />;
  if (teams.isError) return <ErrorState error={teams.error} onRetry={() => void teams.refetch()} />;
  return (
    <>
      <h2>{t("settings.equipes")}</h2>
      <ul className={styles.list}>
        {teams.data.map((team) => (
          <li key={team.id}>
            <strong>{team.name}</strong>
            <span className={styles.quiet}>
              {t("teams.people", { n: people.filter((p) => p.team_ids.includes(team.id)).length })}
            </span>
          </li>
        ))}
      </ul>
      <form className={styles.form} onSubmit={submit}>
        <Field
          label={t("teams.name")}
          value={name}
          onChange={(e) => setName(e.target.value)}
          error={
            create.error instanceof ApiError
              ? (create.error.field("name") ?? create.error.message)
              : create.error?.message
          }
          required
        />
        <div>
          <Button type="submit" busy={create.isPending}>
            {t("teams.create")}
          </Button>
        </div>
      </form>
    </>
  );
}
