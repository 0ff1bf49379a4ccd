import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { peopleQuery, teamsQuery } from "../../../api/directory";
import { useMe } from "../../../api/session";
import { useText } from "../../../lib/i18n";
import { Avatar } from "../../../ui/Avatar";
import { Button } from "../../../ui/Button";
import { EmptyState, ErrorState, Skeleton } from "../../../ui/states";
import styles from "../settings.module.css";
import { PersonForm } from "./PersonForm";

/** The people of one's teams: what each can be given, and when. */
export function PeoplePart() {
  const t = useText();
  const me = useMe();
  const people = useQuery(peopleQuery);
  const teams = useQuery(teamsQuery).data ?? [];
  const [open, setOpen] = useState<number>();
  if (people.isPending) return <Skeleton rows={6} />;
  if (people.isError) return <ErrorState error={people.error} onRetry={() => void people.refetch()} />;
  const mine = new Set(me.teams.map((team) => team.id));
  const shown = people.data.filter(
    (p) => p.active && (me.role === "admin" || p.team_ids.some((id) => mine.has(id))),
  );
  const chosen = shown.find((p) => p.id === open);
  if (chosen) return <PersonForm person={chosen} onClose={() => setOpen(undefined)} />;
  if (shown.length === 0) return <EmptyState title={t("roster.people.none")} />;
  return (
    <ul className={styles.list}>
      {shown.map((person) => (
        <li key={person.id}>
          <Avatar id={person.id} name={person.name} size={28} label="" />
          <div>
            <strong>{person.name}</strong>
            <p className={styles.quiet}>{t(`role.${person.role}`)}</p>
          </div>
          <div className={styles.quiet}>
            {person.team_ids.flatMap((id) => teams.find((team) => team.id === id)?.name ?? []).join(", ")}
          </div>
          <Button
            onClick={() => setOpen(person.id)}
            aria-label={t("roster.person.of", { name: person.name })}
          >
            {t("roster.person")}
          </Button>
        </li>
      ))}
    </ul>
  );
}
