import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { peopleQuery, reasonPath, reasonsQuery, teamsQuery } from "../../api/directory";
import { openIncidentsQuery } from "../../api/incidents";
import type { Bulk, BulkAction, BulkEffect } from "../../api/types";
import { type TextId, useText } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Field, SelectField } from "../../ui/Field";
import { toast, toastError } from "../../ui/toast";
import styles from "./BulkBar.module.css";
import { ended, previewBulk, startBulk, type Target, undoBulk } from "./bulk";
import { clearSelection } from "./selection";

const acts = [
  "assignee",
  "team",
  "status",
  "priority",
  "reason",
  "incident",
  "add_tags",
  "remove_tags",
] as const;
type Act = (typeof acts)[number];
const statuses = ["open", "waiting_customer", "waiting_third", "resolved"] as const;
const undoStays = 20_000;

/** One change for many tickets: what, the effect it would have, and only then the button. */
export default function BulkDialog({
  target,
  n,
  onClose,
}: {
  target: Target;
  n: number;
  onClose: () => void;
}) {
  const t = useText();
  const [act, setAct] = useState<Act>("assignee");
  const [value, setValue] = useState("");
  const choices = useChoices(act);
  const action = actionOf(act, value);
  const effect = useQuery({
    queryKey: ["bulk", target, action],
    queryFn: ({ signal }) => previewBulk(target, action!, signal),
    enabled: action !== undefined,
    staleTime: 0,
    gcTime: 0,
    retry: false,
  });
  const say = useOutcome();
  const start = useMutation({
    mutationFn: () => startBulk(target, action!, effect.data!.changed),
    onSuccess: (bulk) => {
      clearSelection();
      onClose();
      void say(bulk);
    },
    onError: () => void effect.refetch(),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (effect.data && effect.data.changed > 0) start.mutate();
  };

  return (
    <Dialog open onClose={onClose} title={t("bulk.title", { n })}>
      <form className={styles.form} onSubmit={submit}>
        <SelectField
          label={t("bulk.act")}
          value={act}
          options={acts.map((name) => ({ value: name, name: t(`bulk.act.${name}`) }))}
          onChange={(next) => {
            setAct(next);
            setValue("");
          }}
        />
        {choices ? (
          <SelectField
            label={t("bulk.value")}
            value={value}
            options={[{ value: "", name: t("bulk.choose") }, ...choices]}
            onChange={setValue}
          />
        ) : (
          <Field
            label={t("bulk.value")}
            hint={t("ticket.tags.hint")}
            value={value}
            maxLength={400}
            onChange={(e) => setValue(e.target.value)}
          />
        )}
        {effect.data && <Effect effect={effect.data} />}
        {(effect.error ?? start.error) && (
          <p role="alert" className={styles.error}>
            {(start.error ?? effect.error)?.message}
          </p>
        )}
        <Button
          look="primary"
          type="submit"
          busy={start.isPending || effect.isFetching}
          disabled={!effect.data?.changed}
        >
          {t("bulk.do", { n: effect.data?.changed ?? 0 })}
        </Button>
      </form>
    </Dialog>
  );
}

/** Why a ticket is left out. */
const why: Record<string, TextId> = {
  already_claimed: "bulk.why.held",
  not_your_ticket: "bulk.why.theirs",
  ticket_closed: "bulk.why.closed",
  bad_transition: "bulk.why.status",
  case_not_concluded: "bulk.why.case",
  incident_case: "bulk.why.incident_case",
  incident_closed: "bulk.why.incident_closed",
  ticket_invalid: "bulk.why.unseen",
  moved_on: "bulk.why.moved_on",
};

/** What would happen, in numbers, and which ones are left out. */
function Effect({ effect }: { effect: BulkEffect }) {
  const t = useText();
  const left = effect.examples.filter((x) => x.state !== "changed" && x.state !== "same");
  return (
    <section className={styles.effect} aria-label={t("bulk.effect")} aria-live="polite">
      <h3>{t("bulk.effect.changed", { n: effect.changed })}</h3>
      {effect.asking > 0 && (
        <p className={styles.warned}>{t("bulk.effect.asking", { n: effect.asking, asked: effect.asked })}</p>
      )}
      {effect.same > 0 && <p>{t("bulk.effect.same", { n: effect.same })}</p>}
      {effect.held > 0 && <p>{t("bulk.effect.held", { n: effect.held })}</p>}
      {effect.refused > 0 && <p>{t("bulk.effect.refused", { n: effect.refused })}</p>}
      {effect.gone > 0 && <p>{t("bulk.effect.gone", { n: effect.gone })}</p>}
      {left.length > 0 && (
        <ul>
          {left.map((x) => (
            <li key={x.ticket.id}>
              {x.ticket.subject}
              <span>{t(why[x.reason] ?? "bulk.why.other")}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** Tells what has become of a bulk, and offers to take it back. */
function useOutcome() {
  const t = useText();
  const left = ({ effect }: Bulk) => effect.held + effect.refused + effect.gone + effect.moved_on;
  const summary = (bulk: Bulk) =>
    bulk.ended_at
      ? t(bulk.undoes ? "bulk.undone" : "bulk.done", { n: bulk.effect.changed, left: left(bulk) })
      : t("bulk.going", { n: bulk.effect.changed, of: bulk.effect.total });
  const follow = async (bulk: Bulk): Promise<void> => {
    const shown = toast(summary(bulk), { stay: undoStays, action: undoOf(bulk) });
    if (bulk.ended_at) return;
    try {
      const last = await ended(bulk, (now) => shown.say(summary(now)));
      shown.dismiss();
      toast(summary(last), { stay: undoStays, action: undoOf(last) });
    } catch (error) {
      toastError(error);
    }
  };
  const undoOf = (bulk: Bulk) =>
    bulk.undo_until
      ? { name: t("ui.undo"), run: () => void undoBulk(bulk.id).then(follow, toastError) }
      : undefined;
  return follow;
}

function actionOf(act: Act, value: string): BulkAction | undefined {
  if (value.trim() === "") return undefined;
  switch (act) {
    case "assignee":
      return { assignee_id: Number(value) };
    case "team":
      return { team_id: Number(value) };
    case "status":
      return { status: value as BulkAction["status"] };
    case "priority":
      return { priority: Number(value) };
    case "reason":
      return { reason_id: Number(value) };
    case "incident":
      return { incident_id: Number(value) };
    case "add_tags":
    case "remove_tags":
      return {
        [act]: value
          .split(",")
          .map((tag) => tag.trim())
          .filter(Boolean),
      };
  }
}

function useChoices(act: Act): { value: string; name: string }[] | undefined {
  const t = useText();
  const people = useQuery(peopleQuery).data ?? [];
  const teams = useQuery(teamsQuery).data ?? [];
  const reasons = useQuery(reasonsQuery).data ?? [];
  const incidents = useQuery(openIncidentsQuery).data ?? [];
  switch (act) {
    case "assignee":
      return [
        { value: "0", name: t("views.nobody") },
        ...people.filter((p) => p.active).map((p) => ({ value: String(p.id), name: p.name })),
      ];
    case "team":
      return teams.map((team) => ({ value: String(team.id), name: team.name }));
    case "status":
      return statuses.map((value) => ({ value, name: t(`status.${value}`) }));
    case "priority":
      return ["1", "2", "3", "4"].map((value) => ({ value, name: t(`priority.${value as "1"}`) }));
    case "reason":
      return reasons.map((r) => ({ value: String(r.id), name: reasonPath(reasons, r.id) }));
    case "incident":
      return [
        { value: "0", name: t("bulk.incident.none") },
        ...incidents.map((i) => ({ value: String(i.id), name: i.title })),
      ];
    default:
      return undefined;
  }
}
