import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import {
  AtSign,
  CalendarClock,
  CircleDashed,
  Hourglass,
  Inbox,
  ListChecks,
  Mail,
  PhoneOutgoing,
  RotateCcw,
  TriangleAlert,
  UserRound,
  Users,
} from "lucide-react";
import { lazy, Suspense } from "react";
import { tellRow } from "../../api/rows";
import { useMe } from "../../api/session";
import type { Claimed } from "../../api/types";
import { useCommands } from "../../lib/commands";
import { useText, withTexts } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { toast, toastError } from "../../ui/toast";
import { countsQuery, takeNext } from "./api";
import styles from "./Rail.module.css";
import { passing, type View, views } from "./view";

const SavedViews = lazy(() => withTexts(() => import("./SavedViews")));

const icons: Record<View, typeof Inbox> = {
  mine: UserRound,
  unassigned: CircleDashed,
  team: Users,
  all: Inbox,
  due_today: CalendarClock,
  breached: TriangleAlert,
  waiting_customer: Hourglass,
  promised: PhoneOutgoing,
  reopened: RotateCcw,
  mentions: AtSign,
  unread: Mail,
  resolved: ListChecks,
};

interface RailProps {
  /** Nothing is open, so taking the next one is the action of the screen. */
  idle: boolean;
  onTaken: (claimed: Claimed) => void;
}

/** The views with their live counters, and the way to the next ticket. */
export function Rail({ idle, onTaken }: RailProps) {
  const t = useText();
  const me = useMe();
  const counts = useQuery(countsQuery).data?.counts;
  const { view: shown } = useSearch({ strict: false });
  const next = useMutation({
    mutationFn: takeNext,
    onSuccess: (claimed) => {
      if (!claimed) return toast(t("queue.next.none"));
      tellRow(claimed.ticket);
      onTaken(claimed);
    },
    onError: toastError,
  });
  const take = () => {
    if (!next.isPending) next.mutate();
  };
  useCommands({ "queue.next": take });

  return (
    <div className={styles.rail}>
      <Button look={idle ? "primary" : "plain"} busy={next.isPending} onClick={take} command="queue.next">
        {t("queue.next")}
      </Button>
      <ul aria-label={t("queue.views")}>
        {views.map((view) => {
          const Icon = icons[view];
          const n = counts?.[view];
          if (!n && view !== shown && passing.includes(view)) return null;
          return (
            <li key={view}>
              <Link
                to="/fila"
                search={{ view }}
                className={styles.view}
                activeOptions={{ includeSearch: true }}
                data-urgent={view === "breached" && n ? true : undefined}
              >
                <Icon aria-hidden />
                <span className={styles.name}>{t(`view.${view}`)}</span>
                {n !== undefined && (
                  <span className={`${styles.count} numeric`}>{n.toLocaleString(me.locale)}</span>
                )}
              </Link>
            </li>
          );
        })}
      </ul>
      <Suspense>
        <SavedViews />
      </Suspense>
    </div>
  );
}
