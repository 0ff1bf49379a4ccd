import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { ApiError, newKey } from "../../../api/client";
import type { Clock, TicketRow } from "../../../api/types";
import { useText } from "../../../lib/i18n";
import { dayAndTime } from "../../../lib/time";
import { Button } from "../../../ui/Button";
import { Dialog } from "../../../ui/Dialog";
import { AreaField } from "../../../ui/Field";
import { ErrorState, Skeleton } from "../../../ui/states";
import { toast } from "../../../ui/toast";
import { refetchTicket } from "../api";
import styles from "../dialogs.module.css";
import { leaseOf } from "../lease";
import { extendClock, type Outlook, outlookQuery, tellClocks } from "./api";
import own from "./dialogs.module.css";
import { percent, termText, writtenDay } from "./words";

interface ExtendProps {
  row: TicketRow;
  clock: Clock;
  onClose: () => void;
}

/** Gives a deadline more time: what it would become is shown first, and the customer is told in the same act. */
export default function ExtendDialog({ row, clock, onClose }: ExtendProps) {
  const t = useText();
  const outlook = useQuery(outlookQuery(row.id, clock.id));
  return (
    <Dialog open onClose={onClose} title={t("clocks.extend.title")}>
      {outlook.isPending ? (
        <div className={styles.form}>
          <Skeleton rows={2} />
        </div>
      ) : outlook.data ? (
        <ExtendForm row={row} clock={clock} outlook={outlook.data} onClose={onClose} />
      ) : (
        <ErrorState error={outlook.error} onRetry={() => void outlook.refetch()} />
      )}
    </Dialog>
  );
}

function ExtendForm({ row, clock, outlook, onClose }: ExtendProps & { outlook: Outlook }) {
  const t = useText();
  const cache = useQueryClient();
  const { quota } = outlook;
  const [reason, setReason] = useState("");
  const [message, setMessage] = useState(() =>
    t("clocks.extend.draft", { name: row.customer_name, due: writtenDay(outlook.new_due) }),
  );
  const [tried, setTried] = useState(false);
  // What the customer has said since this was opened must be read first.
  const [seen] = useState(row.public_version);
  const attempt = useRef({ of: "", key: "" });
  const extending = useMutation({
    mutationFn: () => {
      const fence = leaseOf(row.id)?.fence;
      const body = {
        reason: reason.trim(),
        message: message.trim(),
        ...(seen > 0 && { seen_version: seen }),
        ...(fence && { fence }),
      };
      const of = JSON.stringify(body);
      if (attempt.current.of !== of) attempt.current = { of, key: newKey() };
      return tellClocks(cache, row.id, extendClock(row.id, clock.id, attempt.current.key, body));
    },
    onSuccess: () => {
      toast(t("clocks.extend.done", { due: dayAndTime(outlook.new_due) }));
      onClose();
    },
    onSettled: () => refetchTicket(cache, row.id),
  });
  const refused = extending.error instanceof ApiError ? extending.error : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (outlook.room && reason.trim() && message.trim() && !extending.isPending) extending.mutate();
  };
  const missing = (value: string) => (tried && value.trim() === "" ? t("clocks.reason.missing") : undefined);
  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <dl className={own.foreseen}>
        <dt>{t("clocks.extend.now")}</dt>
        <dd>{dayAndTime(outlook.due)}</dd>
        <dt>{t("clocks.extend.new")}</dt>
        <dd>
          <strong>{dayAndTime(outlook.new_due)}</strong> (+ {termText(t, outlook.amount, outlook.unit)})
        </dd>
        <dt>{t("clocks.extend.month")}</dt>
        <dd>
          {quota.cap === null
            ? t("clocks.extend.quota.free", { n: quota.extensions })
            : t("clocks.extend.quota", {
                n: quota.extensions,
                most: quota.most,
                cap: percent(quota.cap),
                demands: quota.demands,
              })}
        </dd>
      </dl>
      {!outlook.room && (
        <p role="alert" className={own.full}>
          {t("clocks.extend.full")}
        </p>
      )}
      <AreaField
        label={t("clocks.extend.reason")}
        hint={t("clocks.extend.reason.hint")}
        error={missing(reason) ?? refused?.field("reason")}
        value={reason}
        rows={2}
        maxLength={500}
        required
        onChange={(e) => setReason(e.target.value)}
      />
      <AreaField
        label={t("clocks.extend.message")}
        hint={t("clocks.extend.message.hint")}
        error={missing(message) ?? refused?.field("message")}
        value={message}
        rows={5}
        required
        onChange={(e) => setMessage(e.target.value)}
      />
      {extending.isError && !refused?.problem.errors?.length && (
        <p role="alert" className={own.wrong}>
          {extending.error.message}
        </p>
      )}
      <Button look="primary" type="submit" busy={extending.isPending} disabled={!outlook.room}>
        {t("clocks.extend.go")}
      </Button>
    </form>
  );
}
