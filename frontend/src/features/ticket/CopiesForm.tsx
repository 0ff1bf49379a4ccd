import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { newKey } from "../../api/client";
import { keys } from "../../api/keys";
import type { TicketRow } from "../../api/types";
import { useNow } from "../../lib/clock";
import { type Translate, useText } from "../../lib/i18n";
import { calendarDay, dayOnly, shortMoment } from "../../lib/time";
import { Button } from "../../ui/Button";
import { AreaField, Field, SelectField } from "../../ui/Field";
import { ErrorState, Skeleton } from "../../ui/states";
import { toast } from "../../ui/toast";
import { addressLines, askCopy, type Copy, copiesQuery } from "./reach";
import styles from "./reach.module.css";

type What = Copy["what"];
type By = Copy["way"];

interface CopiesFormProps {
  row: TicketRow;
  /** The address as it was typed, a line each. */
  typed: string;
  onType: (typed: string) => void;
}

/** What the law lets customers ask for: the history, or the recording, as they choose to get it. */
export function CopiesForm({ row, typed, onType }: CopiesFormProps) {
  const t = useText();
  const cache = useQueryClient();
  const [what, setWhat] = useState<What>("history");
  const [by, setBy] = useState<By>("email");
  const [email, setEmail] = useState("");
  const address = addressLines(typed);
  const attempt = useRef({ of: "", key: "" });
  const asking = useMutation({
    mutationFn: () => {
      const body = by === "email" ? { what, email: email.trim() } : { what, address };
      const of = JSON.stringify(body);
      if (attempt.current.of !== of) attempt.current = { of, key: newKey() };
      return askCopy(row.id, attempt.current.key, body);
    },
    onSuccess: () => {
      attempt.current = { of: "", key: "" };
      setEmail("");
      toast(t("copy.asked"));
    },
    onSettled: () => cache.invalidateQueries({ queryKey: keys.outgoing }),
  });
  const ready = by === "email" ? /\S@\S/.test(email) : address.length >= 3;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready && !asking.isPending) asking.mutate();
  };
  return (
    <div className={styles.form}>
      <form className={styles.form} onSubmit={submit}>
        <p className={styles.quiet}>{t("copy.lead")}</p>
        <div className={styles.sides}>
          <SelectField<What>
            label={t("copy.what")}
            value={what}
            onChange={setWhat}
            options={(["history", "recording"] as const).map((value) => ({
              value,
              name: t(`copy.what.${value}`),
            }))}
          />
          <SelectField<By>
            label={t("copy.by")}
            value={by}
            onChange={setBy}
            options={(["email", "letter"] as const).map((value) => ({ value, name: t(`copy.by.${value}`) }))}
          />
        </div>
        {by === "email" ? (
          <Field
            label={t("copy.email")}
            hint={t("copy.email.hint")}
            type="email"
            maxLength={254}
            value={email}
            onChange={(e) => setEmail(e.target.value)}
          />
        ) : (
          <AreaField
            label={t("letter.address")}
            hint={t(what === "recording" ? "copy.medium" : "letter.address.hint")}
            rows={5}
            value={typed}
            onChange={(e) => onType(e.target.value)}
          />
        )}
        <footer className={styles.foot}>
          <p className={styles.failure} role="alert">
            {asking.error?.message}
          </p>
          <Button look="primary" type="submit" busy={asking.isPending} disabled={!ready}>
            {t("copy.ask")}
          </Button>
        </footer>
      </form>
      <Asked row={row} />
    </div>
  );
}

function Asked({ row }: { row: TicketRow }) {
  const t = useText();
  const now = useNow(60_000);
  const found = useQuery(copiesQuery(row.id));
  if (found.isPending) return <Skeleton rows={1} />;
  if (found.isError) return <ErrorState error={found.error} onRetry={() => void found.refetch()} />;
  if (found.data.length === 0) return null;
  return (
    <section aria-labelledby="copies-asked">
      <h3 id="copies-asked" className={styles.heading}>
        {t("copy.list")}
      </h3>
      <ul className={styles.asked}>
        {found.data.map((c) => (
          <li key={c.id}>
            <span>
              <strong>{t(`copy.what.${c.what}`)}</strong> · {t(`copy.by.${c.way}`)}, {c.recipient}
            </span>
            <span className={late(c, now) ? styles.late : styles.quiet}>{state(t, c, now)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const gone = (c: Copy) => c.state === "sent" || c.state === "delivered";
const late = (c: Copy, now: number) => !gone(c) && c.due_on < calendarDay(now);

function state(t: Translate, c: Copy, now: number): string {
  if (gone(c) && c.settled_at) return t("copy.gone", { at: shortMoment(c.settled_at, now) });
  // A day has no hour; at noon it is the same day in every zone of the country.
  const due = dayOnly(`${c.due_on}T12:00:00-03:00`);
  const stopped = ["failed", "bounced", "suppressed"].includes(c.state);
  return t(stopped ? "copy.stopped" : c.way === "letter" ? "copy.to_print" : "copy.waits", { due });
}
