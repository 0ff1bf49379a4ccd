import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiError, newKey } from "../../api/client";
import type { Incident } from "../../api/incidents";
import { keys } from "../../api/keys";
import { useText } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { AreaField, CheckField } from "../../ui/Field";
import { toastError } from "../../ui/toast";
import { answerAll, effectQuery } from "./api";
import styles from "./incidents.module.css";

const ways = ["mail", "page", "suppressed", "held", "settled"] as const;

/** One answer to all tickets of an incident, with what it will do before it does it. */
export default function AnswerDialog({ incident, onClose }: { incident: Incident; onClose: () => void }) {
  const t = useText();
  const cache = useQueryClient();
  const [body, setBody] = useState("");
  const [resolve, setResolve] = useState(incident.state === "solved");
  const [key] = useState(newKey);
  const effect = useQuery(effectQuery(incident.id)).data;
  const send = useMutation({
    mutationFn: () => answerAll(incident.id, body, resolve, key),
    onSuccess: () => {
      void cache.invalidateQueries({ queryKey: keys.incident(incident.id) });
      onClose();
    },
    onError: toastError,
  });
  const reached = effect ? effect.mail + effect.page + effect.suppressed : 0;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (body.trim() && !send.isPending) send.mutate();
  };
  return (
    <Dialog open wide onClose={onClose} title={t("incidents.answer")}>
      <form className={styles.form} onSubmit={submit}>
        <AreaField
          label={t("incidents.answer.body")}
          hint={t("incidents.answer.hint", { name: "{nome}", protocol: "{protocolo}" })}
          rows={7}
          value={body}
          maxLength={10_000}
          error={send.error instanceof ApiError ? send.error.field("body") : undefined}
          onChange={(e) => setBody(e.target.value)}
        />
        <CheckField
          label={t("incidents.answer.resolve")}
          hint={t(resolve ? "incidents.answer.resolve.yes" : "incidents.answer.resolve.no")}
          checked={resolve}
          onChange={setResolve}
        />
        <section className={styles.effect} aria-live="polite">
          <h3>{t("incidents.effect")}</h3>
          {effect && (
            <ul>
              {ways.map(
                (way) =>
                  effect[way] > 0 && <li key={way}>{t(`incidents.effect.${way}`, { n: effect[way] })}</li>,
              )}
              {reached === 0 && <li>{t("incidents.effect.none")}</li>}
            </ul>
          )}
        </section>
        <div className={styles.buttons}>
          <Button look="primary" type="submit" busy={send.isPending} disabled={!body.trim() || reached === 0}>
            {t("incidents.answer.send", { n: reached })}
          </Button>
          <Button onClick={onClose}>{t("incidents.answer.not")}</Button>
        </div>
      </form>
    </Dialog>
  );
}
