import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus, Trash2, X } from "lucide-react";
import { type FormEvent, useState } from "react";
import { ApiError } from "../../../api/client";
import { reasonPath, reasonsQuery, teamsQuery } from "../../../api/directory";
import { keys } from "../../../api/keys";
import { may, useMe } from "../../../api/session";
import type { Channel, Skill, SkillRule } from "../../../api/types";
import { useText } from "../../../lib/i18n";
import { Button, IconButton } from "../../../ui/Button";
import { Field } from "../../../ui/Field";
import { EmptyState, ErrorState, Skeleton } from "../../../ui/states";
import { toastError } from "../../../ui/toast";
import styles from "../settings.module.css";
import { addSkill, removeRule, removeSkill, skillsQuery } from "./api";
import { RuleForm } from "./RuleForm";
import own from "./routing.module.css";

/** Skills, and which tickets demand them. */
export function SkillsPart() {
  const t = useText();
  const cache = useQueryClient();
  const me = useMe();
  const skills = useQuery(skillsQuery);
  const [name, setName] = useState("");
  const mayEdit = may(me, "desk.manage");
  const refresh = () => void cache.invalidateQueries({ queryKey: keys.skills });
  const add = useMutation({
    mutationFn: () => addSkill(name.trim()),
    onSuccess: () => setName(""),
    onSettled: refresh,
  });
  if (skills.isPending) return <Skeleton rows={3} />;
  if (skills.isError) return <ErrorState error={skills.error} onRetry={() => void skills.refetch()} />;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <>
      {skills.data.length === 0 ? (
        <EmptyState title={t("roster.skills.none")}>{t("roster.skills.none.hint")}</EmptyState>
      ) : (
        <ul className={own.cards}>
          {skills.data.map((skill) => (
            <li key={skill.id} className={own.card}>
              <SkillItem skill={skill} mayEdit={mayEdit} onChanged={refresh} />
            </li>
          ))}
        </ul>
      )}
      {mayEdit && (
        <form className={styles.form} onSubmit={submit}>
          <Field
            label={t("roster.skill.name")}
            hint={t("roster.skill.name.hint")}
            value={name}
            onChange={(e) => setName(e.target.value)}
            error={add.error instanceof ApiError ? (add.error.field("name") ?? add.error.message) : undefined}
            maxLength={60}
            required
          />
          <div>
            <Button type="submit" busy={add.isPending}>
              {t("roster.skill.add")}
            </Button>
          </div>
        </form>
      )}
    </>
  );
}

interface SkillItemProps {
  skill: Skill;
  mayEdit: boolean;
  onChanged: () => void;
}

function SkillItem({ skill, mayEdit, onChanged }: SkillItemProps) {
  const t = useText();
  const [adding, setAdding] = useState(false);
  const [sure, setSure] = useState(false);
  const drop = useMutation({
    mutationFn: () => removeSkill(skill.id),
    onError: toastError,
    onSettled: onChanged,
  });
  const dropRule = useMutation({ mutationFn: removeRule, onError: toastError, onSettled: onChanged });
  const words = useRuleWords();
  return (
    <>
      <div className={own.head}>
        <h3>{skill.name}</h3>
        {mayEdit &&
          (sure ? (
            <span>
              {t("roster.skill.sure")}{" "}
              <Button busy={drop.isPending} onClick={() => drop.mutate()}>
                {t("roster.remove")}
              </Button>{" "}
              <Button look="quiet" onClick={() => setSure(false)}>
                {t("call.cancel")}
              </Button>
            </span>
          ) : (
            <IconButton
              label={t("roster.skill.remove", { name: skill.name })}
              icon={<Trash2 />}
              onClick={() => setSure(true)}
            />
          ))}
      </div>
      {skill.rules.length === 0 ? (
        <p className={styles.quiet}>{t("roster.rules.none")}</p>
      ) : (
        <ul className={own.chips} aria-label={t("roster.rules")}>
          {skill.rules.map((rule) => (
            <li key={rule.id}>
              {words(rule)}
              {mayEdit && (
                <IconButton
                  label={t("roster.rule.remove", { rule: words(rule) })}
                  icon={<X />}
                  onClick={() => dropRule.mutate(rule.id)}
                />
              )}
            </li>
          ))}
        </ul>
      )}
      {mayEdit &&
        (adding ? (
          <RuleForm
            skill={skill.id}
            onDone={() => {
              setAdding(false);
              onChanged();
            }}
            onCancel={() => setAdding(false)}
          />
        ) : (
          <div>
            <Button look="quiet" icon={<Plus aria-hidden />} onClick={() => setAdding(true)}>
              {t("roster.rule.add")}
            </Button>
          </div>
        ))}
    </>
  );
}

function useRuleWords(): (rule: SkillRule) => string {
  const t = useText();
  const teams = useQuery(teamsQuery).data ?? [];
  const reasons = useQuery(reasonsQuery).data ?? [];
  return (rule) =>
    [
      rule.team_id &&
        t("roster.rule.team", { name: teams.find((team) => team.id === rule.team_id)?.name ?? "–" }),
      rule.channel && t("roster.rule.channel", { name: t(`channel.${rule.channel as Channel}`) }),
      rule.reason_id && t("roster.rule.reason", { name: reasonPath(reasons, rule.reason_id) }),
      rule.tag && t("roster.rule.tag", { name: rule.tag }),
    ]
      .filter(Boolean)
      .join(", ");
}
