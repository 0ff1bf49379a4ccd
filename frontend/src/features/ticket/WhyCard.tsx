import { Popover } from "@base-ui/react/popover";
import { useQuery } from "@tanstack/react-query";
import type { RefObject } from "react";
import { api, unwrap } from "../../api/client";
import { usePerson } from "../../api/directory";
import { keys } from "../../api/keys";
import type { Routing, TicketRow } from "../../api/types";
import { useNow } from "../../lib/clock";
import { type TextId, useText } from "../../lib/i18n";
import { shortMoment } from "../../lib/time";
import { ErrorState, Skeleton } from "../../ui/states";
import { goneBecause, reasonsOf } from "./routed";
import styles from "./WhyCard.module.css";

interface CardProps {
  row: TicketRow;
  anchor: RefObject<HTMLElement | null>;
  focused: boolean;
  onClose: () => void;
  onPointerEnter: () => void;
  onPointerLeave: () => void;
}

/** Why a ticket is with whom it is, or why nobody gets it. */
export default function WhyCard({ row, anchor, focused, onClose, ...pointer }: CardProps) {
  const t = useText();
  const why = useQuery({
    queryKey: keys.routing(row.id, row.version),
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/tickets/{ticket}/routing", { params: { path: { ticket: String(row.id) } }, signal }),
      ),
    staleTime: 2_000, // who is there changes by the minute
  });
  return (
    <Popover.Root open onOpenChange={(open) => !open && onClose()}>
      <Popover.Portal>
        <Popover.Positioner anchor={anchor} sideOffset={6} align="start" className={styles.positioner}>
          <Popover.Popup
            key={String(focused)}
            className={styles.popup}
            initialFocus={focused}
            finalFocus={focused ? anchor : false}
            aria-label={t("routing.why")}
            {...pointer}
          >
            {why.data ? (
              <Explained why={why.data} />
            ) : why.isError ? (
              <ErrorState error={why.error} onRetry={() => void why.refetch()} />
            ) : (
              <Skeleton rows={3} height={20} />
            )}
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}

const verdicts: Record<Routing["verdict"], TextId> = {
  done: "routing.verdict.done",
  office: "routing.verdict.office",
  held: "routing.verdict.held",
  assigned: "routing.verdict.assigned",
  waiting: "routing.verdict.waiting",
  manual: "routing.verdict.manual",
  pull: "routing.verdict.pull",
  soon: "routing.verdict.soon",
  nobody: "routing.verdict.nobody",
};

const obstacles: Record<Routing["people"][number]["obstacle"], TextId> = {
  "": "routing.can",
  absent: "routing.obstacle.absent",
  off_shift: "routing.obstacle.off_shift",
  offline: "routing.obstacle.offline",
  left: "routing.obstacle.offline",
  away: "routing.obstacle.away",
  break: "routing.obstacle.break",
  call: "routing.obstacle.call",
  skills: "routing.obstacle.skills",
  gave_back: "routing.obstacle.gave_back",
  full: "routing.obstacle.full",
  full_channel: "routing.obstacle.full_channel",
};

function Explained({ why }: { why: Routing }) {
  const t = useText();
  const now = useNow(60_000);
  const name = usePerson(why.assignee_id)?.name ?? t("event.somebody");
  const given = why.told?.to_id ? why.told : undefined;
  const crowd = ["pull", "soon", "nobody", "manual", "assigned", "held"].includes(why.verdict);
  return (
    <div className={styles.why}>
      <p className={styles.verdict}>
        {given && why.verdict === "assigned"
          ? t("routing.given.at", { name, at: shortMoment(given.at, now) })
          : t(verdicts[why.verdict], { name })}
      </p>
      {why.told && !given && (
        <p>
          {t("routing.taken.at", { why: goneBecause(t, why.told.gone), at: shortMoment(why.told.at, now) })}
        </p>
      )}
      {given && (
        <ul className={styles.reasons}>
          {reasonsOf(t, given, now).map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      )}
      {why.gone && <p>{t("routing.not_here", { name, why: goneBecause(t, why.gone) })}</p>}
      {!given && why.skills.length > 0 && (
        <p>{t("routing.demands", { n: why.skills.length, names: why.skills.join(", ") })}</p>
      )}
      {why.lacking.length > 0 && <p>{t("routing.lacking", { names: why.lacking.join(", ") })}</p>}
      {crowd && why.people.length > 0 && (
        <table className={styles.people}>
          <caption>{t("routing.team")}</caption>
          <tbody>
            {why.people.map((p) => (
              <tr key={p.account_id} className={p.obstacle ? styles.cannot : undefined}>
                <th scope="row">{p.name}</th>
                <td className="numeric">{t("routing.hands", { load: p.load, capacity: p.capacity })}</td>
                <td>{t(obstacles[p.obstacle])}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}
