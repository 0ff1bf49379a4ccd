import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { teamsQuery } from "../../api/directory";
import type { TicketRow } from "../../api/types";
import { useText } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { AreaField, Field } from "../../ui/Field";
import { toast } from "../../ui/toast";
import { refetchTicket } from "./api";
import { recipientsQuery, transfer } from "./handOver";
import styles from "./TransferDialog.module.css";

/** Gives a ticket to a colleague or to a team, with a note that says how it stands. */
export default function TransferDialog({ row, onClose }: { row: TicketRow; onClose: () => void }) {
  const t = useText();
  const cache = useQueryClient();
  const [q, setQ] = useState("");
  const [to, setTo] = useState("");
  const [note, setNote] = useState("");
  const teams = (useQuery(teamsQuery).data ?? []).filter(
    (team) => team.id !== row.team_id || row.assignee_id,
  );
  const people = useQuery({ ...recipientsQuery(row.id, q.trim()), placeholderData: keepPreviousData });
  const giving = useMutation({
    mutationFn: () => {
      const id = Number(to.slice(1));
      return transfer(row.id, { ...(to[0] === "t" ? { team_id: id } : { to_id: id }), note: note.trim() });
    },
    onSuccess: () => {
      toast(t("transfer.done"));
      onClose();
    },
    onSettled: () => refetchTicket(cache, row.id),
  });
  const ready = to !== "" && note.trim() !== "";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready && !giving.isPending) giving.mutate();
  };
  const choice = (value: string, name: string, about: string) => (
    <label key={value} className={styles.choice}>
      <input type="radio" name="to" value={value} checked={to === value} onChange={() => setTo(value)} />
      <span className={styles.name}>{name}</span>
      <span className={styles.about}>{about}</span>
    </label>
  );
  return (
    <Dialog open onClose={onClose} title={t("transfer")}>
      <form className={styles.form} onSubmit={submit}>
        <Field
          label={t("transfer.search")}
          type="search"
          value={q}
          autoComplete="off"
          onChange={(e) => setQ(e.target.value)}
        />
        <fieldset className={`${styles.list} quiet-scroll`}>
          <legend className="visually-hidden">{t("transfer.to")}</legend>
          {people.data?.map((p) =>
            choice(`p${p.id}`, p.name, `${t(`team.${p.state}`)} · ${t("transfer.load", { n: p.load })}`),
          )}
          {people.data?.length === 0 && <p className={styles.about}>{t("transfer.nobody")}</p>}
          {people.isError && <p role="alert">{people.error.message}</p>}
          {q.trim() === "" && teams.map((team) => choice(`t${team.id}`, team.name, t("transfer.team")))}
        </fieldset>
        <AreaField
          label={t("transfer.note")}
          hint={t("transfer.note.hint")}
          value={note}
          onChange={(e) => setNote(e.target.value)}
          rows={4}
          required
        />
        {giving.isError && (
          <p role="alert" className={styles.wrong}>
            {giving.error.message}
          </p>
        )}
        <Button look="primary" type="submit" busy={giving.isPending} disabled={!ready}>
          {t("transfer.give")}
        </Button>
      </form>
    </Dialog>
  );
}
