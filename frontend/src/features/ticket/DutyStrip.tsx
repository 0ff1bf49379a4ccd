import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, newKey, once, unwrap } from "../../api/client";
import { usePerson } from "../../api/directory";
import type { Duty, TicketRow } from "../../api/types";
import { useNow } from "../../lib/clock";
import { useText } from "../../lib/i18n";
import { shortMoment } from "../../lib/time";
import { Button } from "../../ui/Button";
import { toastError } from "../../ui/toast";
import { refetchTicket } from "./api";
import styles from "./DutyStrip.module.css";
import { Strip } from "./Strip";

/** What the law has this demand do at once, since when it counts, and that it was done. */
export default function DutyStrip({ row, duties }: { row: TicketRow; duties: readonly Duty[] }) {
  return duties.map((duty) =>
    duty.confirmed_at === null ? (
      <Owed key={duty.duty} row={row} duty={duty} />
    ) : (
      <Carried key={duty.duty} duty={duty} at={duty.confirmed_at} />
    ),
  );
}

function Owed({ row, duty }: { row: TicketRow; duty: Duty }) {
  const t = useText();
  const cache = useQueryClient();
  const now = useNow(60_000);
  const [how, setHow] = useState("");
  const confirm = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/tickets/{ticket}/duties/{duty}", {
          params: { path: { ticket: String(row.id), duty: duty.duty } },
          body: { how: how.trim() || undefined },
          headers: once(newKey()),
        }),
      ),
    onError: toastError,
    onSettled: () => refetchTicket(cache, row.id),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    confirm.mutate();
  };
  return (
    <Strip title={t(`duty.${duty.duty}.owed`)}>
      <p>{t(`duty.${duty.duty}.law`, { at: shortMoment(duty.effective_at, now) })}</p>
      <form className={styles.act} onSubmit={submit}>
        <input
          aria-label={t("duty.how")}
          placeholder={t("duty.how")}
          value={how}
          maxLength={500}
          onChange={(e) => setHow(e.target.value)}
        />
        <Button look="primary" type="submit" busy={confirm.isPending}>
          {t(`duty.${duty.duty}.confirm`)}
        </Button>
      </form>
    </Strip>
  );
}

function Carried({ duty, at }: { duty: Duty; at: string }) {
  const t = useText();
  const now = useNow(60_000);
  const person = usePerson(duty.confirmed_by);
  const text = t(`duty.${duty.duty}.done`, {
    who: person?.name ?? t("event.somebody"),
    at: shortMoment(at, now),
    since: shortMoment(duty.effective_at, now),
  });
  return (
    <p className={styles.done}>
      {text}
      {duty.how && ` · ${duty.how}`}
    </p>
  );
}
