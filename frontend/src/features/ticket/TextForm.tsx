import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { TicketRow } from "../../api/types";
import { useText } from "../../lib/i18n";
import { AreaField, Field } from "../../ui/Field";
import { Skeleton } from "../../ui/states";
import { AnswerFoot } from "./AnswerFoot";
import { closedInWords, sendText, waysQuery } from "./reach";
import styles from "./reach.module.css";
import { useOtherAnswer } from "./useOtherAnswer";

/** Four parts, after which people pay attention to the bill and not to the text. */
const longest = 600;

/** An answer by SMS: short, seen as it arrives, and gone once sent. */
export function TextForm({ row, onDone }: { row: TicketRow; onDone: () => void }) {
  const t = useText();
  const [to, setTo] = useState("");
  const ways = useQuery(waysQuery(row.id));
  const answer = useOtherAnswer(
    row,
    (a) => sendText(row.id, { ...a, to: to.trim() || undefined }),
    "sms.sent",
    onDone,
  );
  if (ways.isPending) return <Skeleton rows={3} />;
  const way = ways.data?.find((w) => w.way === "sms");
  // A number that is typed is another than the one that is closed, or missing.
  const helps = to.trim() !== "" && way !== undefined && way.reason !== "off" && way.reason !== "preference";
  const closed = helps ? "" : closedInWords(t, way);
  const shown = answer.body.trim().replace(/\s+/g, " ");
  const length = [...shown].length;
  const ready = shown !== "" && length <= longest && closed === "";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready) answer.send(to);
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      {closed && <p className={styles.closed}>{closed}</p>}
      <div className={styles.sides}>
        <div className={styles.side}>
          <AreaField
            label={t("sms.body")}
            hint={t("sms.length", { n: length, max: longest })}
            error={length > longest ? t("sms.too_long", { n: length, max: longest }) : undefined}
            rows={6}
            value={answer.body}
            onChange={(e) => answer.write(e.target.value)}
          />
          <Field
            label={t("sms.to")}
            hint={way?.known_masked ? t("sms.to.known", { to: way.known_masked }) : t("sms.to.none")}
            type="tel"
            inputMode="tel"
            placeholder={way?.known_masked}
            maxLength={40}
            value={to}
            onChange={(e) => setTo(e.target.value)}
          />
        </div>
        <figure className={styles.preview}>
          <figcaption>{t("sms.preview")}</figcaption>
          <p className={styles.bubble}>{shown || "…"}</p>
        </figure>
      </div>
      <AnswerFoot row={row} answer={answer} ready={ready} send={t("sms.send")} />
    </form>
  );
}
