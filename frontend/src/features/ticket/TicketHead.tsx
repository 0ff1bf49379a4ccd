import { ArrowLeft, Copy } from "lucide-react";
import { lazy, type ReactNode, Suspense, useEffect } from "react";
import { usePerson, useTeam } from "../../api/directory";
import { openAt, useCompany } from "../../api/here";
import { useMe } from "../../api/session";
import type { TicketRow } from "../../api/types";
import { copyText } from "../../lib/clipboard";
import { useCommands } from "../../lib/commands";
import { useText, withTexts } from "../../lib/i18n";
import { Avatar } from "../../ui/Avatar";
import { IconButton } from "../../ui/Button";
import { DeadlineChip } from "../../ui/deadline/DeadlineChip";
import { tip } from "../../ui/Tooltip";
import { toast } from "../../ui/toast";
import { Actions } from "./Actions";
import styles from "./TicketHead.module.css";
import { Why } from "./Why";

const Company = lazy(() => withTexts(() => import("./Company")));

const open = new Set<TicketRow["status"]>(["new", "open"]);

interface HeadProps {
  row: TicketRow;
  onBack: () => void;
  aside?: ReactNode;
}

export function TicketHead({ row, onBack, aside }: HeadProps) {
  const t = useText();
  const team = useTeam(row.team_id);
  const others = useCompany((s) => s.of[row.id]);
  useEffect(() => {
    openAt(row.id);
    return () => openAt(0);
  }, [row.id]);
  const copyProtocol = async () => {
    const done = await copyText(row.protocol);
    toast(t(done ? "ticket.copied" : "ticket.copy.failed", { protocol: row.protocol }));
  };
  useCommands({ "ticket.copy": () => void copyProtocol() });

  return (
    <header className={styles.head}>
      <div className={styles.title}>
        <IconButton className={styles.back} label={t("ticket.back")} icon={<ArrowLeft />} onClick={onBack} />
        <h2>{row.subject}</h2>
        <DeadlineChip row={row} />
        {aside}
      </div>
      <div className={styles.meta}>
        <button
          type="button"
          className={`${styles.protocol} numeric`}
          {...tip(t("ticket.copy"), "ticket.copy")}
          onClick={() => void copyProtocol()}
        >
          {row.protocol} <Copy aria-hidden />
        </button>
        <span>{row.customer_name || t("customer.unknown")}</span>
        <span>{t(`kind.${row.kind}`)}</span>
        <span>{t(`channel.${row.channel}`)}</span>
        {team && <span>{team.name}</span>}
        <span className={styles.status}>{t(`status.${row.status}`)}</span>
        {row.turn === "area" && row.turn_area && (
          <span className={styles.tag}>{t("turn.area", { area: row.turn_area })}</span>
        )}
        {row.area_answered_at && <span className={styles.status}>{t("turn.answered")}</span>}
        {row.priority !== 3 && (
          <span className={styles.status}>{t(`priority.${row.priority as 1 | 2 | 4}`)}</span>
        )}
        {row.legal_priority > 0 && <span className={styles.status}>{t("customer.legal_priority")}</span>}
        {row.tags.map((tag) => (
          <span key={tag} className={styles.tag}>
            {tag}
          </span>
        ))}
        <Holder row={row} />
        {open.has(row.status) && <Why row={row} />}
        <span className={styles.company} aria-live="polite">
          {others && others.length > 0 && (
            <Suspense>
              <Company others={others} />
            </Suspense>
          )}
        </span>
      </div>
      <Actions row={row} />
    </header>
  );
}

function Holder({ row }: { row: TicketRow }) {
  const t = useText();
  const me = useMe();
  const person = usePerson(row.holder_id ?? row.assignee_id);
  if (!person) return null;
  const mine = person.id === me.id;
  const id = row.holder_id
    ? mine
      ? "ticket.held.me"
      : "ticket.held"
    : mine
      ? "ticket.assigned.me"
      : "ticket.assigned";
  return (
    <span className={styles.holder}>
      <Avatar id={person.id} name={person.name} size={16} label="" /> {t(id, { name: person.name })}
    </span>
  );
}
