import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import {
  Check,
  ChevronDown,
  Flag,
  FolderTree,
  Hand,
  MessageCircleQuestion,
  RotateCcw,
  Tags,
  Undo2,
  Users,
} from "lucide-react";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { isCode } from "../../api/client";
import { reasonPath, reasonsQuery, teamsQuery } from "../../api/directory";
import { may, useMe } from "../../api/session";
import type { Status, TicketRow } from "../../api/types";
import { arrives } from "../../lib/arrives";
import { useCommands } from "../../lib/commands";
import { useText, withTexts } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { Menu } from "../../ui/Menu";
import { choices, type MenuEntry } from "../../ui/menu";
import { tip } from "../../ui/Tooltip";
import { toast, toastError } from "../../ui/toast";
import styles from "./Actions.module.css";
import { claim, owed, refetchTicket, release, type TakeOver, useChange } from "./api";
import { useLease } from "./lease";

const MoreActions = lazy(() => withTexts(() => import("./MoreActions")));
const AskAreaDialog = lazy(() => withTexts(() => import("./AskAreaDialog")));
const OwedDialog = lazy(() => withTexts(() => import("./OwedDialog")));
const TagsDialog = lazy(() => arrives(() => import("./TagsDialog")));
const TakeOverDialog = lazy(() => arrives(() => import("./TakeOverDialog")));

const priorities = [1, 2, 3, 4] as const;
const choosable = ["open", "waiting_customer", "waiting_third"] as const satisfies readonly Status[];

/** What can be done with a ticket, each with its key. */
export function Actions({ row }: { row: TicketRow }) {
  const t = useText();
  const me = useMe();
  const cache = useQueryClient();
  const lease = useLease(row.id);
  const change = useChange(row);
  const [asking, setAsking] = useState<"tags" | "take_over" | "area" | "owed">();
  const teams = useQuery(teamsQuery).data ?? [];
  const reasons = useQuery(reasonsQuery).data ?? [];

  const settled = () => refetchTicket(cache, row.id);
  const claiming = useMutation({
    mutationFn: (over: TakeOver | undefined) => claim(row.id, over),
    onSettled: settled,
    onError: (error) => {
      if (!isCode(error, "already_claimed")) return toastError(error);
      toast(t("claim.lost", { name: error.problem.holder?.name ?? t("event.somebody") }));
    },
  });
  const releasing = useMutation({
    mutationFn: () => release(row.id),
    onSettled: settled,
    onError: toastError,
  });

  const done = row.status === "resolved" || row.status === "closed";
  const mine = row.assignee_id === me.id;
  const holding = mine && (row.holder_id === me.id || lease !== undefined);
  const others = (row.holder_id ?? row.assignee_id ?? me.id) !== me.id;
  const mayTake = !others || may(me, "tickets.take_over");

  const take = () => (others ? setAsking("take_over") : claiming.mutate(undefined));
  const reopen = () => change.mutate({ status: "open" });
  const settle = (leave_promises: boolean) =>
    change.mutate(
      { status: "resolved", leave_promises },
      {
        onSuccess: () => toast(t("ticket.resolved"), { action: { name: t("ui.undo"), run: reopen } }),
        onError: (error) => isCode(error, "promises_open") && setAsking("owed"),
      },
    );
  const resolve = () => (owed(cache, row) ? setAsking("owed") : settle(false));
  const prioritise = (priority: number) => change.mutate({ priority });

  const works = may(me, "tickets.work");
  useCommands({
    "ticket.claim": works && !holding && mayTake && !done ? take : undefined,
    "ticket.resolve": works && !done ? resolve : undefined,
    "ticket.area": works && !done ? () => setAsking("area") : undefined,
    "ticket.tags": works ? () => setAsking("tags") : undefined,
    "ticket.priority.1": works ? () => prioritise(1) : undefined,
    "ticket.priority.2": works ? () => prioritise(2) : undefined,
    "ticket.priority.3": works ? () => prioritise(3) : undefined,
    "ticket.priority.4": works ? () => prioritise(4) : undefined,
  });
  if (!works) return null;

  return (
    <div className={styles.actions} role="toolbar" aria-label={t("ticket.actions")}>
      {!holding && !done && mayTake && (
        <Button
          look={others ? "plain" : "primary"}
          icon={<Hand aria-hidden />}
          busy={claiming.isPending}
          onClick={take}
          command="ticket.claim"
        >
          {t(others ? "claim.take_over" : "claim")}
        </Button>
      )}
      {mine && !done && (
        <Button icon={<Undo2 aria-hidden />} busy={releasing.isPending} onClick={() => releasing.mutate()}>
          {t("release")}
        </Button>
      )}
      {done ? (
        <Button icon={<RotateCcw aria-hidden />} busy={change.isPending} onClick={reopen}>
          {t("ticket.reopen")}
        </Button>
      ) : (
        <Button
          icon={<Check aria-hidden />}
          busy={change.isPending}
          onClick={resolve}
          command="ticket.resolve"
        >
          {t("ticket.resolve")}
        </Button>
      )}
      {!done && (
        <Suspense>
          <MoreActions row={row} holding={holding} />
        </Suspense>
      )}
      {!done && (
        <Choice
          label={t("ticket.status")}
          name={t(`status.${row.status}`)}
          entries={choices<Status>(
            row.status,
            choosable.map((value) => ({ value, name: t(`status.${value}`) })),
            (status) => change.mutate({ status: status as (typeof choosable)[number] }),
          )}
        />
      )}
      <Choice
        label={t("ticket.priority")}
        icon={<Flag aria-hidden />}
        name={t(`priority.${row.priority as 1}`)}
        entries={choices<number>(
          row.priority,
          priorities.map((value) => ({
            value,
            name: t(`priority.${value}`),
            command: `ticket.priority.${value}` as const,
          })),
          prioritise,
        )}
      />
      <Button
        look="quiet"
        className={styles.secondary}
        icon={<Tags aria-hidden />}
        onClick={() => setAsking("tags")}
        command="ticket.tags"
        aria-label={t("ticket.tags")}
        {...tip(t("ticket.tags"), "ticket.tags")}
      >
        <span className={styles.word}>{t("ticket.tags")}</span>
      </Button>
      {!done && (
        <Button
          look="quiet"
          className={styles.secondary}
          icon={<MessageCircleQuestion aria-hidden />}
          onClick={() => setAsking("area")}
          aria-label={t("command.ticket.area")}
          {...tip(t("command.ticket.area"), "ticket.area")}
        />
      )}
      {teams.length > 1 && (
        <Choice
          label={t("ticket.team")}
          icon={<Users aria-hidden />}
          name={t("ticket.team")}
          entries={choices(
            row.team_id,
            teams.map((team) => ({ value: team.id, name: team.name })),
            (team_id) => change.mutate({ team_id }),
          )}
        />
      )}
      {reasons.length > 0 && (
        <Choice
          label={t("ticket.reason")}
          icon={<FolderTree aria-hidden />}
          name={reasonPath(reasons, row.reason_id) || t("ticket.reason")}
          entries={choices<number | null>(
            row.reason_id,
            reasons.map((r) => ({ value: r.id, name: reasonPath(reasons, r.id) })),
            (reason_id) => reason_id !== null && change.mutate({ reason_id }),
          )}
        />
      )}
      <Suspense>
        {asking === "tags" && (
          <TagsDialog
            tags={row.tags}
            onClose={() => setAsking(undefined)}
            onSave={(tags) => change.mutate({ tags })}
          />
        )}
        {asking === "area" && <AskAreaDialog row={row} onClose={() => setAsking(undefined)} />}
        {asking === "owed" && (
          <OwedDialog row={row} onResolve={() => settle(true)} onClose={() => setAsking(undefined)} />
        )}
        {asking === "take_over" && (
          <TakeOverDialog
            onClose={() => setAsking(undefined)}
            onTake={(reason) => claiming.mutate({ reason })}
          />
        )}
      </Suspense>
    </div>
  );
}

interface ChoiceProps {
  label: string;
  name: string;
  icon?: ReactNode;
  entries: MenuEntry;
}

function Choice({ label, name, icon, entries }: ChoiceProps) {
  const full = name === label ? label : `${label}: ${name}`;
  return (
    <Menu
      label={label}
      trigger={
        <Button
          look="quiet"
          className={icon ? styles.secondary : undefined}
          icon={icon}
          aria-label={full}
          {...tip(full)}
        >
          <span className={styles.choice}>{name}</span>
          <ChevronDown aria-hidden />
        </Button>
      }
      entries={[entries]}
    />
  );
}
