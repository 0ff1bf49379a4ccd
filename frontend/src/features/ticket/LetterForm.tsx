import { useQuery } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { useMe } from "../../api/session";
import type { TicketRow } from "../../api/types";
import { useText } from "../../lib/i18n";
import { AreaField } from "../../ui/Field";
import { AnswerFoot } from "./AnswerFoot";
import { addressLines, closedInWords, waysQuery, writeLetter } from "./reach";
import styles from "./reach.module.css";
import { useOtherAnswer } from "./useOtherAnswer";

const fewestLines = 3;

interface LetterFormProps {
  row: TicketRow;
  /** The address as it was typed, a line each. */
  typed: string;
  onType: (typed: string) => void;
  onDone: () => void;
}

/** An answer on paper: what it says, where it goes, and how the sheet will look. */
export function LetterForm({ row, typed, onType, onDone }: LetterFormProps) {
  const t = useText();
  const me = useMe();
  const address = addressLines(typed);
  const ways = useQuery(waysQuery(row.id)).data;
  const closed = closedInWords(
    t,
    ways?.find((w) => w.way === "letter"),
  );
  const answer = useOtherAnswer(row, (a) => writeLetter(row.id, { ...a, address }), "letter.sent", onDone);
  const ready = answer.body.trim() !== "" && address.length >= fewestLines && closed === "";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready) answer.send(address.join("\n"));
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      {closed && <p className={styles.closed}>{closed}</p>}
      <div className={styles.sides}>
        <div className={styles.side}>
          <AreaField
            label={t("letter.body")}
            rows={9}
            maxLength={50_000}
            value={answer.body}
            onChange={(e) => answer.write(e.target.value)}
          />
          <AreaField
            label={t("letter.address")}
            hint={t("letter.address.hint")}
            rows={5}
            value={typed}
            onChange={(e) => onType(e.target.value)}
          />
        </div>
        <figure className={styles.preview}>
          <figcaption>{t("letter.preview")}</figcaption>
          <div className={styles.sheet}>
            <address>{address.join("\n") || "…"}</address>
            <h3>{t("letter.preview.subject", { protocol: row.protocol })}</h3>
            <p>{answer.body.trim() || "…"}</p>
            <p>{`${t("letter.preview.closing")}\n${me.name}`}</p>
          </div>
        </figure>
      </div>
      <AnswerFoot row={row} answer={answer} ready={ready} send={t("letter.send")} />
    </form>
  );
}
