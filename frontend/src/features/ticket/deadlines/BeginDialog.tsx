import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { ApiError, newKey } from "../../../api/client";
import type { TicketRow } from "../../../api/types";
import { now } from "../../../lib/clock";
import { useText } from "../../../lib/i18n";
import { dayAndTime, timeZone } from "../../../lib/time";
import { instantIn, localIn } from "../../../lib/zoned";
import { Button } from "../../../ui/Button";
import { Dialog } from "../../../ui/Dialog";
import { AreaField, Field } from "../../../ui/Field";
import { EmptyState, ErrorState, Skeleton } from "../../../ui/states";
import { toast } from "../../../ui/toast";
import { refetchTicket } from "../api";
import styles from "../dialogs.module.css";
import { beginClock, type ClockOffer, handClocksQuery } from "./api";
import own from "./dialogs.module.css";
import { evidenceText, termText } from "./words";

interface BeginProps {
  row: TicketRow;
  onClose: () => void;
}

/** Starts a deadline that no demand starts by itself: on a letter from a Procon, or a request of the law. */
export default function BeginDialog({ row, onClose }: BeginProps) {
  const t = useText();
  const hand = useQuery(handClocksQuery(row.id));
  return (
    <Dialog open wide onClose={onClose} title={t("clocks.begin")}>
      {hand.isPending ? (
        <div className={styles.form}>
          <Skeleton rows={2} />
        </div>
      ) : !hand.data ? (
        <ErrorState error={hand.error} onRetry={() => void hand.refetch()} />
      ) : hand.data.offers.length === 0 ? (
        <EmptyState title={t("clocks.begin.none")}>{t("clocks.begin.none.hint")}</EmptyState>
      ) : (
        <BeginForm row={row} offers={hand.data.offers} onClose={onClose} />
      )}
    </Dialog>
  );
}

function BeginForm({ row, offers, onClose }: BeginProps & { offers: readonly ClockOffer[] }) {
  const t = useText();
  const cache = useQueryClient();
  const zone = timeZone();
  const [policy, setPolicy] = useState<number>();
  const [start, setStart] = useState("");
  const [due, setDue] = useState("");
  const [reason, setReason] = useState("");
  const [tried, setTried] = useState(false);
  const attempt = useRef({ of: "", key: "" });
  const starting = useMutation({
    mutationFn: () => {
      const body = {
        policy_id: policy!,
        ...(start && { start: instantIn(zone, start).toISOString() }),
        ...(due && { due }),
        reason: reason.trim(),
      };
      const of = JSON.stringify(body);
      if (attempt.current.of !== of) attempt.current = { of, key: newKey() };
      return beginClock(row.id, attempt.current.key, body);
    },
    onSuccess: (clock) => {
      toast(t("clocks.begin.done", { policy: clock.policy, due: dayAndTime(clock.due) }));
      onClose();
    },
    onSettled: () => refetchTicket(cache, row.id),
  });
  const refused = starting.error instanceof ApiError ? starting.error : undefined;
  const today = localIn(zone, now());
  const wrong = {
    policy: policy === undefined ? t("clocks.begin.choose") : undefined,
    start: start > today ? t("clocks.begin.ahead") : undefined,
    due: due && due <= (start || today).slice(0, 10) ? t("clocks.begin.early") : undefined,
    reason: reason.trim() === "" ? t("clocks.reason.missing") : undefined,
  };
  const shown = (field: keyof typeof wrong) => (tried && wrong[field]) || refused?.field(field);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (!Object.values(wrong).some(Boolean) && !starting.isPending) starting.mutate();
  };
  const chosen = offers.find((o) => o.policy_id === policy);
  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <fieldset className={own.choices} aria-describedby={shown("policy") ? "begin-policy-error" : undefined}>
        <legend>{t("clocks.begin.which")}</legend>
        {offers.map((o) => (
          <label key={o.policy_id} className={own.choice}>
            <input
              type="radio"
              name="policy"
              checked={policy === o.policy_id}
              onChange={() => setPolicy(o.policy_id)}
            />
            <span>
              {o.policy} · {termText(t, o.amount, o.unit)}
            </span>
            <span className={own.quiet}>
              {[o.regime, o.legal_ref, evidenceText(t, o.evidence)].filter(Boolean).join(" · ")}
            </span>
            {o.note && policy === o.policy_id && <span className={own.quiet}>{o.note}</span>}
          </label>
        ))}
        {shown("policy") && (
          <p id="begin-policy-error" className={own.error}>
            {shown("policy")}
          </p>
        )}
      </fieldset>
      <div className={own.sides}>
        <Field
          label={t("clocks.begin.start")}
          hint={t("clocks.begin.start.hint")}
          type="datetime-local"
          value={start}
          max={today}
          error={shown("start")}
          onChange={(e) => setStart(e.target.value)}
        />
        <Field
          label={t("clocks.begin.due")}
          hint={t("clocks.begin.due.hint")}
          type="date"
          value={due}
          min={(start || today).slice(0, 10)}
          error={shown("due")}
          onChange={(e) => setDue(e.target.value)}
        />
      </div>
      {chosen && !start && !due && (
        <p className={own.lead}>{t("clocks.begin.would", { due: dayAndTime(chosen.due) })}</p>
      )}
      <AreaField
        label={t("clocks.begin.reason")}
        hint={t("clocks.begin.reason.hint")}
        error={shown("reason")}
        value={reason}
        rows={2}
        maxLength={500}
        required
        onChange={(e) => setReason(e.target.value)}
      />
      {starting.isError && !refused?.problem.errors?.length && (
        <p role="alert" className={own.wrong}>
          {starting.error.message}
        </p>
      )}
      <Button look="primary" type="submit" busy={starting.isPending}>
        {t("clocks.begin")}
      </Button>
    </form>
  );
}
