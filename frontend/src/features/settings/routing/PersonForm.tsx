import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ArrowLeft } from "lucide-react";
import { type FormEvent, useState } from "react";
import { ApiError } from "../../../api/client";
import { keys } from "../../../api/keys";
import type { Person, Profile, Skill } from "../../../api/types";
import { useText } from "../../../lib/i18n";
import { Button } from "../../../ui/Button";
import { CheckField, Field } from "../../../ui/Field";
import { ErrorState, Skeleton } from "../../../ui/states";
import { toast } from "../../../ui/toast";
import styles from "../settings.module.css";
import { Absences } from "./Absences";
import { changeProfile, profileQuery, skillsQuery } from "./api";
import own from "./routing.module.css";
import { Shifts } from "./Shifts";

interface PersonFormProps {
  person: Person;
  onClose: () => void;
}

/** What one person can be given, and when. */
export function PersonForm({ person, onClose }: PersonFormProps) {
  const t = useText();
  const profile = useQuery(profileQuery(person.id));
  const skills = useQuery(skillsQuery);
  const failed = profile.error ?? skills.error;
  return (
    <>
      <Button look="quiet" icon={<ArrowLeft aria-hidden />} onClick={onClose} autoFocus>
        {t("roster.people.back")}
      </Button>
      <h2 className={own.name}>{person.name}</h2>
      {profile.data && skills.data ? (
        <>
          <Work key={profile.dataUpdatedAt} person={person} profile={profile.data} skills={skills.data} />
          <Absences account={person.id} absences={profile.data.absences} />
        </>
      ) : failed ? (
        <ErrorState error={failed} onRetry={() => void profile.refetch()} />
      ) : (
        <Skeleton rows={5} />
      )}
    </>
  );
}

interface WorkProps {
  person: Person;
  profile: Profile;
  skills: readonly Skill[];
}

const bounds = ["all", "phone", "webform", "email"] as const;

function Work({ person, profile, skills }: WorkProps) {
  const t = useText();
  const cache = useQueryClient();
  const stored = {
    skills: profile.skills,
    at_once: profile.at_once,
    zone: profile.zone,
    shifts: profile.shifts,
  };
  const [draft, setDraft] = useState(stored);
  const save = useMutation({
    mutationFn: () => changeProfile(person.id, draft),
    onSuccess: (saved) => {
      toast(t("roster.saved", { name: person.name }));
      cache.setQueryData(keys.profile(person.id), saved);
    },
  });
  const problem = save.error instanceof ApiError ? save.error : undefined;
  const changed = JSON.stringify(draft) !== JSON.stringify(stored);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  const has = (id: number, on: boolean) =>
    setDraft({ ...draft, skills: on ? [...draft.skills, id] : draft.skills.filter((s) => s !== id) });
  return (
    <form className={own.person} onSubmit={submit}>
      <fieldset className={styles.checks}>
        <legend>{t("roster.skills")}</legend>
        {skills.length === 0 && <p className={styles.quiet}>{t("roster.skills.none")}</p>}
        {skills.map((skill) => (
          <CheckField
            key={skill.id}
            label={skill.name}
            checked={draft.skills.includes(skill.id)}
            onChange={(on) => has(skill.id, on)}
          />
        ))}
      </fieldset>
      <fieldset className={own.bounds}>
        <legend>{t("roster.at_once")}</legend>
        <p className={styles.quiet}>
          {t(person.role === "agent" ? "roster.at_once.hint" : "roster.at_once.hint.other")}
        </p>
        <div className={own.four}>
          {bounds.map((name) => (
            <Field
              key={name}
              label={name === "all" ? t("roster.at_once.all") : t(`channel.${name}`)}
              type="number"
              min={0}
              max={500}
              placeholder={
                name === "all" && person.role === "agent"
                  ? "10"
                  : t(name === "all" ? "roster.at_once.zero" : "roster.at_once.free")
              }
              value={draft.at_once[name] ?? ""}
              onChange={(e) =>
                setDraft({
                  ...draft,
                  at_once: {
                    ...draft.at_once,
                    [name]: e.target.value === "" ? null : Number(e.target.value),
                  },
                })
              }
            />
          ))}
        </div>
        {problem?.field("at_once") && <p className={styles.error}>{problem.field("at_once")}</p>}
      </fieldset>
      <Shifts
        shifts={draft.shifts}
        zone={draft.zone}
        onChange={(change) => setDraft({ ...draft, ...change })}
        error={problem?.field("shifts") ?? problem?.field("zone")}
      />
      {save.error && (
        <p role="alert" className={styles.error}>
          {save.error.message}
        </p>
      )}
      <div>
        <Button type="submit" look="primary" busy={save.isPending} disabled={!changed}>
          {t("ui.save")}
        </Button>
      </div>
    </form>
  );
}
