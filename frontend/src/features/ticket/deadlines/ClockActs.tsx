import { useMutation, useQueryClient } from "@tanstack/react-query";
import { CalendarPlus, Check, Pause, Play } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { may, useMe } from "../../../api/session";
import type { Clock, TicketRow } from "../../../api/types";
import { arrives } from "../../../lib/arrives";
import { now } from "../../../lib/clock";
import { useText } from "../../../lib/i18n";
import { dayAndTime } from "../../../lib/time";
import { Button } from "../../../ui/Button";
import { toast, toastError } from "../../../ui/toast";
import { refetchTicket } from "../api";
import { resumeClock, tellClocks } from "./api";
import styles from "./DeadlineSheet.module.css";
import { byRule } from "./rules";

const ReasonDialog = lazy(() => arrives(() => import("./ReasonDialog")));
const ExtendDialog = lazy(() => arrives(() => import("./ExtendDialog")));

interface ActsProps {
  row: TicketRow;
  clock: Clock;
  /** Somebody started it by hand, and so somebody stops it. */
  byHand: boolean;
}

/** What can be done with a deadline now. What cannot is not there, or says why. */
export function ClockActs({ row, clock, byHand }: ActsProps) {
  const t = useText();
  const me = useMe();
  const cache = useQueryClient();
  const [asking, setAsking] = useState<"pause" | "cancel" | "stop" | "extend">();
  const resuming = useMutation({
    mutationFn: () => tellClocks(cache, row.id, resumeClock(row.id, clock.id)),
    onSuccess: (all) => {
      const after = all.find((c) => c.id === clock.id);
      if (after?.state === "running") toast(t("clocks.resumed", { due: dayAndTime(after.due) }));
    },
    onError: toastError,
    onSettled: () => refetchTicket(cache, row.id),
  });
  const standing = clock.state === "paused";
  if ((!standing && clock.state !== "running") || !may(me, "tickets.work")) return null;
  const over = clock.breached_at !== null || (!standing && Date.parse(clock.due) <= now());
  const ruled = standing && byRule(clock.pauses.at(-1)?.reason ?? "");
  const close = () => setAsking(undefined);
  return (
    <div className={styles.acts}>
      {standing && !ruled && (
        <Button
          look="primary"
          icon={<Play aria-hidden />}
          busy={resuming.isPending}
          onClick={() => resuming.mutate()}
        >
          {t("clocks.resume")}
        </Button>
      )}
      {!standing && clock.may_pause && !over && (
        <Button icon={<Pause aria-hidden />} onClick={() => setAsking("pause")}>
          {t("clocks.pause")}
        </Button>
      )}
      {clock.may_extend && !over && (
        <Button icon={<CalendarPlus aria-hidden />} onClick={() => setAsking("extend")}>
          {t("clocks.extend")}
        </Button>
      )}
      {byHand && (
        <Button icon={<Check aria-hidden />} onClick={() => setAsking("stop")}>
          {t("clocks.stop")}
        </Button>
      )}
      {may(me, "clocks.correct") && !over && (
        <Button look="quiet" onClick={() => setAsking("cancel")}>
          {t("clocks.cancel")}
        </Button>
      )}
      {ruled && <p className={styles.why}>{t("clocks.ruled")}</p>}
      {over && <p className={styles.why}>{t("clocks.over")}</p>}
      <Suspense>
        {asking === "extend" && <ExtendDialog row={row} clock={clock} onClose={close} />}
        {asking && asking !== "extend" && (
          <ReasonDialog act={asking} row={row} clock={clock} onClose={close} />
        )}
      </Suspense>
    </div>
  );
}
