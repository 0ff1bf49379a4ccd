import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Printer } from "lucide-react";
import { useState } from "react";
import { keys } from "../../api/keys";
import { useNow } from "../../lib/clock";
import { useText } from "../../lib/i18n";
import { shortMoment } from "../../lib/time";
import { Button } from "../../ui/Button";
import { EmptyState, ErrorState, Skeleton } from "../../ui/states";
import { toast, toastError } from "../../ui/toast";
import { batchURL, gather, type Letter, lettersQuery } from "./api";
import { Batch } from "./Batch";
import styles from "./outgoing.module.css";

/** Letters go out by hand: first they are printed together, then posted together. */
export function Letters({ onOpen }: { onOpen: (protocol: string) => void }) {
  const t = useText();
  const found = useQuery(lettersQuery);
  if (found.isPending) return <Skeleton rows={4} />;
  if (found.isError && !found.data) {
    return <ErrorState error={found.error} onRetry={() => void found.refetch()} />;
  }
  const waiting = found.data.filter((l) => l.batch_id === null);
  const batches = new Map<number, Letter[]>();
  for (const l of found.data) {
    if (l.batch_id !== null) batches.set(l.batch_id, [...(batches.get(l.batch_id) ?? []), l]);
  }
  if (found.data.length === 0) {
    return <EmptyState title={t("letters.none")}>{t("letters.none.hint")}</EmptyState>;
  }
  return (
    <div className={styles.drawer}>
      {waiting.length > 0 && <ToPrint letters={waiting} onOpen={onOpen} />}
      {[...batches].map(([id, letters]) => (
        <Batch key={id} id={id} letters={letters} onOpen={onOpen} />
      ))}
    </div>
  );
}

function ToPrint({ letters, onOpen }: { letters: Letter[]; onOpen: (protocol: string) => void }) {
  const t = useText();
  const cache = useQueryClient();
  const [left, setLeft] = useState<ReadonlySet<number>>(new Set());
  const chosen = letters.filter((l) => !left.has(l.id));
  const print = useMutation({
    mutationFn: () => gather(chosen.map((l) => l.id)),
    onSuccess: ({ batch_id, letters: n }) => {
      toast(t("letters.printed", { n, batch: batch_id }));
      open(batchURL(batch_id), "_self"); // it is an attachment: the page stays
    },
    onError: toastError,
    onSettled: () => cache.invalidateQueries({ queryKey: keys.letters }),
  });
  const toggle = (id: number) =>
    setLeft((before) => new Set(before.has(id) ? [...before].filter((x) => x !== id) : [...before, id]));
  return (
    <section aria-labelledby="letters-to-print">
      <header className={styles.head}>
        <h2 id="letters-to-print">{t("letters.to_print")}</h2>
        <Button
          look="primary"
          icon={<Printer aria-hidden />}
          busy={print.isPending}
          disabled={chosen.length === 0}
          onClick={() => print.mutate()}
        >
          {t("letters.print", { n: chosen.length })}
        </Button>
      </header>
      <LetterTable
        letters={letters}
        name={t("letters.to_print")}
        onOpen={onOpen}
        left={left}
        onToggle={toggle}
      />
    </section>
  );
}

interface TableProps {
  letters: Letter[];
  name: string;
  onOpen: (protocol: string) => void;
  /** Those that are left out, when one may choose. */
  left?: ReadonlySet<number>;
  onToggle?: (id: number) => void;
}

export function LetterTable({ letters, name, onOpen, left, onToggle }: TableProps) {
  const t = useText();
  const now = useNow(60_000);
  return (
    <table className={styles.rows}>
      <caption className="visually-hidden">{name}</caption>
      <thead>
        <tr>
          {onToggle && (
            <th scope="col" className={styles.choose}>
              <span className="visually-hidden">{t("letters.choose")}</span>
            </th>
          )}
          <th scope="col">{t("letters.to")}</th>
          <th scope="col">{t("outgoing.what")}</th>
          <th scope="col">{t("outgoing.ordered")}</th>
        </tr>
      </thead>
      <tbody>
        {letters.map((l) => (
          <tr key={l.id}>
            {onToggle && (
              <td className={styles.choose}>
                <input
                  type="checkbox"
                  aria-label={t("letters.choose.one", { to: l.recipient })}
                  checked={!left?.has(l.id)}
                  onChange={() => onToggle(l.id)}
                />
              </td>
            )}
            <td>{l.recipient}</td>
            <td>
              {t(`outgoing.purpose.${l.purpose}`)}
              <button type="button" className={styles.link} onClick={() => onOpen(l.protocol)}>
                <span className="numeric">{l.protocol}</span>
              </button>
            </td>
            <td className="numeric">{shortMoment(l.ordered_at, now)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
