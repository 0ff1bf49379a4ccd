import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import type { TicketRow } from "../../api/types";
import { useText } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Field, SelectField } from "../../ui/Field";
import { toast } from "../../ui/toast";
import { refetchTicket } from "./api";
import { type SkipReason, skip, skipReasons } from "./handOver";
import styles from "./TransferDialog.module.css";

/** Passes the ticket that was served on to somebody else, and takes the next one. */
export default function SkipDialog({ row, onClose }: { row: TicketRow; onClose: () => void }) {
  const t = useText();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const [reason, setReason] = useState<SkipReason>("knowledge");
  const [word, setWord] = useState("");
  const passing = useMutation({
    mutationFn: () => skip(row.id, reason, word.trim()),
    onSuccess: (next) => {
      if (!next) toast(t("queue.next.none"));
      onClose();
      void navigate({
        to: "/fila",
        search: (now: object) => ({ ...now, t: next?.ticket.protocol }) as never,
      });
    },
    onSettled: () => refetchTicket(cache, row.id),
  });
  const ready = reason !== "other" || word.trim() !== "";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready && !passing.isPending) passing.mutate();
  };
  return (
    <Dialog open onClose={onClose} title={t("skip")}>
      <form className={styles.form} onSubmit={submit}>
        <SelectField
          label={t("skip.reason")}
          hint={t("skip.hint")}
          value={reason}
          options={skipReasons.map((value) => ({ value, name: t(`skip.${value}`) }))}
          onChange={setReason}
        />
        <Field
          label={t(reason === "other" ? "skip.word.needed" : "skip.word")}
          value={word}
          maxLength={300}
          required={reason === "other"}
          onChange={(e) => setWord(e.target.value)}
        />
        {passing.isError && (
          <p role="alert" className={styles.wrong}>
            {passing.error.message}
          </p>
        )}
        <Button look="primary" type="submit" busy={passing.isPending} disabled={!ready}>
          {t("skip")}
        </Button>
      </form>
    </Dialog>
  );
}
