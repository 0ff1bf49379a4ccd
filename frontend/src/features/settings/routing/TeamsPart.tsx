import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { keys } from "../../../api/keys";
import type { TeamRouting } from "../../../api/types";
import { useText } from "../../../lib/i18n";
import { Button } from "../../../ui/Button";
import { Field, SelectField } from "../../../ui/Field";
import { EmptyState, ErrorState, Skeleton } from "../../../ui/states";
import { toast } from "../../../ui/toast";
import styles from "../settings.module.css";
import { changeTeam, type TeamDraft, teamRoutingsQuery } from "./api";
import own from "./routing.module.css";

/** How each team's tickets get to people. */
export function TeamsPart() {
  const t = useText();
  const teams = useQuery(teamRoutingsQuery);
  if (teams.isPending) return <Skeleton rows={3} />;
  if (teams.isError) return <ErrorState error={teams.error} onRetry={() => void teams.refetch()} />;
  if (teams.data.length === 0) return <EmptyState title={t("roster.teams.none")} />;
  return (
    <ul className={own.cards}>
      {teams.data.map((team) => (
        <li key={team.team_id}>
          <TeamForm team={team} />
        </li>
      ))}
    </ul>
  );
}

const modes = ["manual", "pull", "push"] as const;

function TeamForm({ team }: { team: TeamRouting }) {
  const t = useText();
  const cache = useQueryClient();
  const stored: TeamDraft = {
    mode: team.mode,
    heavy_in_row: team.heavy_in_row,
    sticky_days: team.sticky_days,
  };
  const [draft, setDraft] = useState(stored);
  const save = useMutation({
    mutationFn: () => changeTeam(team.team_id, draft),
    onSuccess: () => toast(t("roster.saved", { name: team.name })),
    onSettled: () => cache.invalidateQueries({ queryKey: keys.teamRoutings }),
  });
  const changed = JSON.stringify(draft) !== JSON.stringify(stored);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form className={own.card} onSubmit={submit} aria-label={team.name}>
      <h3>{team.name}</h3>
      <div className={own.fields}>
        <SelectField
          label={t("roster.mode")}
          hint={t(`roster.mode.${draft.mode}.hint`)}
          value={draft.mode}
          options={modes.map((value) => ({ value, name: t(`roster.mode.${value}`) }))}
          onChange={(mode) => setDraft({ ...draft, mode })}
        />
        <Field
          label={t("roster.heavy")}
          hint={t("roster.heavy.hint")}
          type="number"
          min={0}
          max={50}
          value={draft.heavy_in_row}
          onChange={(e) => setDraft({ ...draft, heavy_in_row: Number(e.target.value) })}
        />
        {draft.mode === "push" && (
          <Field
            label={t("roster.sticky")}
            hint={t("roster.sticky.hint")}
            type="number"
            min={0}
            max={365}
            value={draft.sticky_days}
            onChange={(e) => setDraft({ ...draft, sticky_days: Number(e.target.value) })}
          />
        )}
      </div>
      {save.error && (
        <p role="alert" className={styles.error}>
          {save.error.message}
        </p>
      )}
      {changed && (
        <div>
          <Button type="submit" look="primary" busy={save.isPending}>
            {t("ui.save")}
          </Button>{" "}
          <Button look="quiet" onClick={() => setDraft(stored)}>
            {t("call.cancel")}
          </Button>
        </div>
      )}
    </form>
  );
}
