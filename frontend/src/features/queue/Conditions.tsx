import { useQuery } from "@tanstack/react-query";
import { Plus, X } from "lucide-react";
import { peopleQuery, reasonPath, reasonsQuery, teamsQuery } from "../../api/directory";
import { openIncidentsQuery } from "../../api/incidents";
import { kinds } from "../../api/kinds";
import type { SavedCondition } from "../../api/types";
import { useText } from "../../lib/i18n";
import { Button, IconButton } from "../../ui/Button";
import {
  asWritten,
  type ConditionField,
  conditionFields,
  newCondition,
  partsOf,
  timed,
  withParts,
  written,
} from "./conditions";
import styles from "./ViewDialog.module.css";

const deepest = 3;

interface ConditionsProps {
  rule: SavedCondition;
  onChange: (rule: SavedCondition) => void;
  onRemove?: () => void;
  depth?: number;
}

/** A group of conditions, and the groups within it. */
export function Conditions({ rule, onChange, onRemove, depth = 1 }: ConditionsProps) {
  const t = useText();
  const { match, parts } = partsOf(rule);
  const put = (at: number, part: SavedCondition | undefined) => {
    const next = parts.flatMap((old, i) => (i === at ? (part ? [part] : []) : [old]));
    onChange(withParts(match, next));
  };
  return (
    <fieldset className={styles.group}>
      <legend>{t(depth === 1 ? "views.rule" : "views.group.add")}</legend>
      <div className={styles.condition}>
        <span className={styles.match}>
          <select
            aria-label={t("views.match")}
            value={match}
            onChange={(e) => onChange(withParts(e.target.value as typeof match, parts))}
          >
            <option value="all">{t("views.match.all")}</option>
            <option value="any">{t("views.match.any")}</option>
            <option value="none">{t("views.match.none")}</option>
          </select>
        </span>
        {onRemove && <IconButton label={t("views.group.remove")} icon={<X />} onClick={onRemove} />}
      </div>
      {parts.map((part, at) =>
        part.field ? (
          <OneCondition
            // biome-ignore lint/suspicious/noArrayIndexKey: a condition has no name of its own
            key={at}
            condition={part}
            onChange={(next) => put(at, next)}
            onRemove={parts.length > 1 ? () => put(at, undefined) : undefined}
          />
        ) : (
          <Conditions
            // biome-ignore lint/suspicious/noArrayIndexKey: neither has a group
            key={at}
            rule={part}
            depth={depth + 1}
            onChange={(next) => put(at, next)}
            onRemove={() => put(at, undefined)}
          />
        ),
      )}
      <div className={styles.more}>
        <Button
          look="quiet"
          icon={<Plus aria-hidden />}
          onClick={() => onChange(withParts(match, [...parts, newCondition("status")]))}
        >
          {t("views.condition.add")}
        </Button>
        {depth < deepest && (
          <Button
            look="quiet"
            icon={<Plus aria-hidden />}
            onClick={() => onChange(withParts(match, [...parts, { any: [newCondition("is")] }]))}
          >
            {t("views.group.add")}
          </Button>
        )}
      </div>
    </fieldset>
  );
}

interface OneProps {
  condition: SavedCondition;
  onChange: (condition: SavedCondition) => void;
  onRemove: (() => void) | undefined;
}

function OneCondition({ condition, onChange, onRemove }: OneProps) {
  const t = useText();
  const field = condition.field as ConditionField;
  const ops = timed(field) ? (["within", "over"] as const) : (["in", "not_in"] as const);
  return (
    <div className={styles.condition}>
      <select
        aria-label={t("views.field")}
        value={field}
        onChange={(e) => onChange(newCondition(e.target.value as ConditionField))}
      >
        {conditionFields.map((value) => (
          <option key={value} value={value}>
            {t(`views.field.${value}`)}
          </option>
        ))}
      </select>
      <select
        aria-label={t("views.op")}
        value={condition.op}
        onChange={(e) => onChange({ ...condition, op: e.target.value })}
      >
        {ops.map((op) => (
          <option key={op} value={op}>
            {t(
              field === "subject" && (op === "in" || op === "not_in")
                ? `views.op.text.${op}`
                : `views.op.${op}`,
            )}
          </option>
        ))}
      </select>
      {timed(field) ? (
        <>
          <input
            type="number"
            min={0}
            max={17_568}
            step={0.5}
            aria-label={t("views.hours")}
            value={(condition.minutes ?? 0) / 60}
            onChange={(e) => onChange({ ...condition, minutes: Math.round(Number(e.target.value) * 60) })}
          />
          {t("views.hours")}
        </>
      ) : (
        <Values
          field={field}
          values={condition.values ?? []}
          onChange={(values) => onChange({ ...condition, values })}
        />
      )}
      {onRemove && <IconButton label={t("views.condition.remove")} icon={<X />} onClick={onRemove} />}
    </div>
  );
}

interface ValuesProps {
  field: ConditionField;
  values: readonly string[];
  onChange: (values: string[]) => void;
}

function Values({ field, values, onChange }: ValuesProps) {
  const t = useText();
  const choices = useChoices(field);
  const nameOf = (value: string) => choices.find((c) => c.value === value)?.name ?? value;
  const add = (value: string) => value && !values.includes(value) && onChange([...values, value]);
  const take = (box: HTMLInputElement) => {
    add(asWritten(field, box.value));
    box.value = "";
  };
  return (
    <>
      {values.map((value) => (
        <span key={value} className={styles.value}>
          {nameOf(value)}
          <IconButton
            label={t("views.value.remove", { name: nameOf(value) })}
            icon={<X />}
            onClick={() => onChange(values.filter((v) => v !== value))}
          />
        </span>
      ))}
      {written(field) ? (
        <input
          key={field}
          aria-label={t(field === "subject" ? "views.value.phrase" : "views.value.add")}
          placeholder={t(field === "subject" ? "views.value.phrase" : "views.value.add")}
          maxLength={60}
          onBlur={(e) => take(e.currentTarget)}
          onKeyDown={(e) => {
            if (e.key !== "Enter") return;
            e.preventDefault();
            take(e.currentTarget);
          }}
        />
      ) : (
        <select aria-label={t("views.value.add")} value="" onChange={(e) => add(e.target.value)}>
          <option value="">{t("views.value.add")}</option>
          {choices
            .filter((c) => !values.includes(c.value))
            .map((c) => (
              <option key={c.value} value={c.value}>
                {c.name}
              </option>
            ))}
        </select>
      )}
    </>
  );
}

const fixed = {
  status: ["new", "open", "waiting_customer", "waiting_third"],
  channel: ["phone", "webform", "email", "ombudsman"],
  kind: kinds,
  priority: ["1", "2", "3", "4"],
  turn: ["us", "area", "customer"],
  is: ["breached", "unread", "reopened", "promised", "held", "mentioned"],
} as const;

/** What a field may be, with the names that people know. */
function useChoices(field: ConditionField): { value: string; name: string }[] {
  const t = useText();
  const teams = useQuery({ ...teamsQuery, enabled: field === "team" }).data ?? [];
  const people = useQuery({ ...peopleQuery, enabled: field === "assignee" }).data ?? [];
  const reasons = useQuery({ ...reasonsQuery, enabled: field === "reason" }).data ?? [];
  const incidents = useQuery({ ...openIncidentsQuery, enabled: field === "incident" }).data ?? [];
  switch (field) {
    case "turn":
      return fixed.turn.map((value) => ({ value, name: t(`views.turn.${value}`) }));
    case "incident":
      return [
        { value: "none", name: t("views.no_incident") },
        ...incidents.map((incident) => ({ value: String(incident.id), name: incident.title })),
      ];
    case "status":
      return fixed.status.map((value) => ({ value, name: t(`status.${value}`) }));
    case "channel":
      return fixed.channel.map((value) => ({ value, name: t(`channel.${value}`) }));
    case "kind":
      return fixed.kind.map((value) => ({ value, name: t(`kind.${value}`) }));
    case "priority":
      return fixed.priority.map((value) => ({ value, name: t(`priority.${value}`) }));
    case "is":
      return fixed.is.map((value) => ({ value, name: t(`views.is.${value}`) }));
    case "legal_priority":
      return ["1", "2", "3"].map((value) => ({ value, name: value }));
    case "team":
      return [
        { value: "me", name: t("views.mine.team") },
        ...teams.map((team) => ({ value: String(team.id), name: team.name })),
      ];
    case "assignee":
      return [
        { value: "me", name: t("views.mine") },
        { value: "none", name: t("views.nobody") },
        ...people.map((person) => ({ value: String(person.id), name: person.name })),
      ];
    case "reason":
      return [
        { value: "none", name: t("views.nothing") },
        ...reasons.map((reason) => ({ value: String(reason.id), name: reasonPath(reasons, reason.id) })),
      ];
    default:
      return [];
  }
}
