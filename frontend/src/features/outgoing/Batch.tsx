import { useMutation, useQueryClient } from "@tanstack/react-query";
import { FileDown } from "lucide-react";
import { type FormEvent, useState } from "react";
import { keys } from "../../api/keys";
import { now, useNow } from "../../lib/clock";
import { useText } from "../../lib/i18n";
import { calendarDay, shortMoment } from "../../lib/time";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { toast, toastError } from "../../ui/toast";
import { batchURL, type Letter, notePosted } from "./api";
import { LetterTable } from "./Letters";
import styles from "./outgoing.module.css";

interface BatchProps {
  id: number;
  letters: Letter[];
  onOpen: (protocol: string) => void;
}

/** Letters that were printed together, until somebody says on which day they were posted. */
export function Batch({ id, letters, onOpen }: BatchProps) {
  const t = useText();
  const cache = useQueryClient();
  const today = calendarDay(useNow(60_000));
  const [day, setDay] = useState(() => calendarDay(now()));
  const posting = useMutation({
    mutationFn: () => notePosted(id, day),
    onSuccess: () => toast(t("letters.posted.done", { n: letters.length })),
    onError: toastError,
    onSettled: () => cache.invalidateQueries({ queryKey: keys.outgoing }),
  });
  const printedAt = letters[0]?.printed_at;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!posting.isPending) posting.mutate();
  };
  const name = t("letters.batch", { id });
  return (
    <section aria-labelledby={`batch-${id}`}>
      <header className={styles.head}>
        <div>
          <h2 id={`batch-${id}`}>{name}</h2>
          {printedAt && (
            <p className={styles.quiet}>{t("letters.batch.at", { at: shortMoment(printedAt, now()) })}</p>
          )}
        </div>
        <a className={styles.download} href={batchURL(id)} download>
          <FileDown aria-hidden /> {t("letters.download")}
        </a>
        <form className={styles.posting} onSubmit={submit}>
          <Field
            label={t("letters.posted.day")}
            type="date"
            value={day}
            min={printedAt ? calendarDay(printedAt) : undefined}
            max={today}
            required
            onChange={(e) => setDay(e.target.value)}
          />
          <Button look="primary" type="submit" busy={posting.isPending} disabled={day === ""}>
            {t("letters.posted")}
          </Button>
        </form>
      </header>
      <LetterTable letters={letters} name={name} onOpen={onOpen} />
    </section>
  );
}
