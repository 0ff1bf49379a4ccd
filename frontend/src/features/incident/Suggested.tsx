import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Incident } from "../../api/incidents";
import { keys } from "../../api/keys";
import { useText } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { Skeleton } from "../../ui/states";
import { toastError } from "../../ui/toast";
import { putTickets, suggestionsQuery } from "./api";
import styles from "./incidents.module.css";
import { Line } from "./Tickets";

/** Tickets that may belong to the incident, to choose from. */
export function Suggested({
  incident,
  onTicket,
}: {
  incident: Incident;
  onTicket: (protocol: string) => void;
}) {
  const t = useText();
  const cache = useQueryClient();
  const [typed, setTyped] = useState("");
  const [words, setWords] = useState("");
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const found = useQuery(suggestionsQuery(incident.id, words));
  const rows = found.data ?? [];
  const ids = rows.map((row) => row.id).filter((id) => chosen.has(id));
  const all = rows.length > 0 && ids.length === rows.length;
  const put = useMutation({
    mutationFn: () => putTickets(incident.id, ids),
    onSuccess: () => setChosen(new Set()),
    onError: toastError,
    onSettled: () => cache.invalidateQueries({ queryKey: keys.incident(incident.id) }),
  });
  const toggle = (id: number) =>
    setChosen((before) => {
      const after = new Set(before);
      if (!after.delete(id)) after.add(id);
      return after;
    });
  const search = (event: FormEvent) => {
    event.preventDefault();
    setWords(typed.trim());
  };
  return (
    <section className={styles.part} aria-label={t("incidents.suggested")}>
      <h2>{t("incidents.suggested")}</h2>
      <form className={styles.find} onSubmit={search}>
        <input
          aria-label={t("incidents.find")}
          placeholder={t("incidents.find")}
          value={typed}
          maxLength={200}
          onChange={(e) => setTyped(e.target.value)}
        />
        <Button type="submit">{t("incidents.find.go")}</Button>
        {rows.length > 0 && (
          <Button look="quiet" onClick={() => setChosen(all ? new Set() : new Set(rows.map((r) => r.id)))}>
            {t(all ? "incidents.choose.none" : "incidents.choose.all", { n: rows.length })}
          </Button>
        )}
        {ids.length > 0 && (
          <Button look="primary" busy={put.isPending} onClick={() => put.mutate()}>
            {t("incidents.put", { n: ids.length })}
          </Button>
        )}
      </form>
      {found.isPending && <Skeleton rows={3} />}
      {found.data?.length === 0 && <p className={styles.quiet}>{t("incidents.suggested.none")}</p>}
      <ul className={styles.rows}>
        {rows.map((row) => (
          <Line
            key={row.id}
            row={row}
            onTicket={onTicket}
            before={
              <input
                type="checkbox"
                aria-label={t("incidents.choose", { subject: row.subject })}
                checked={chosen.has(row.id)}
                onChange={() => toggle(row.id)}
              />
            }
          />
        ))}
      </ul>
    </section>
  );
}
