import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { TicketRow } from "../../api/types";
import { useNow } from "../../lib/clock";
import { useText } from "../../lib/i18n";
import { roughSpan, shortMoment } from "../../lib/time";
import { Button } from "../../ui/Button";
import { FileLinks } from "../../ui/FileLinks";
import styles from "./AreaStrip.module.css";
import { type InternalRequest, requestsQuery, useRequestAct } from "./areas";
import { requestPlace } from "./shownRequest";

/** What the ticket asks of areas: who owes an answer and since when, and what they said. */
export default function AreaStrip({ row, none }: { row: TicketRow; none?: string }) {
  const t = useText();
  const { data } = useQuery(requestsQuery(row));
  if (!data || data.length === 0) return none && data ? <p className={styles.quiet}>{none}</p> : null;
  return (
    <section className={`${styles.strip} quiet-scroll`} aria-label={t("area.requests")}>
      <ul>
        {data.map((r) => (
          <Asked key={r.id} row={row} r={r} />
        ))}
      </ul>
    </section>
  );
}

function Asked({ row, r }: { row: TicketRow; r: InternalRequest }) {
  const t = useText();
  const now = useNow(60_000);
  const open = r.state === "open";
  const late = open && Date.parse(r.due) < now;
  return (
    <li>
      <details
        id={requestPlace(r.id)}
        open={open || (r.state === "answered" && row.area_answered_at !== null)}
      >
        <summary>
          <strong>{r.area}</strong>
          <span className={`${styles.state} ${late ? styles.late : styles[r.state]}`}>
            {late
              ? t("area.late", { span: roughSpan(now - Date.parse(r.due)) })
              : open
                ? t("area.due", { at: shortMoment(r.due, now) })
                : t(`area.state.${r.state}`)}
          </span>
          {r.hides && <span className={styles.quiet}>{t("area.hidden")}</span>}
          <span className={styles.quiet}>
            {t("area.by", { who: r.asker, at: shortMoment(r.asked_at, now) })}
          </span>
        </summary>
        <p className={styles.body}>{r.body}</p>
        <FileLinks files={r.files} label={t("area.lent")} />
        {r.answers.map((a) => (
          <figure key={a.id} className={styles.answer}>
            {a.body && <blockquote>{a.body}</blockquote>}
            <figcaption>
              {t(`area.way.${a.way}`, { name: a.name || a.address })} · {shortMoment(a.at, now)}
            </figcaption>
            <FileLinks files={a.files} label={t("area.files")} />
          </figure>
        ))}
        {r.remark && <p className={styles.quiet}>{r.remark}</p>}
        {r.mails
          .filter((m) => ["bounced", "failed", "suppressed"].includes(m.state))
          .map((m) => (
            <p key={m.recipient} className={styles.failed}>
              {t("area.undelivered", { to: m.recipient })}
            </p>
          ))}
        {open && <Acts row={row} r={r} />}
      </details>
    </li>
  );
}

function Acts({ row, r }: { row: TicketRow; r: InternalRequest }) {
  const t = useText();
  const act = useRequestAct(row, r.id);
  const [closing, setClosing] = useState(false);
  const [remark, setRemark] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    act.mutate({ close: remark });
  };
  if (closing) {
    return (
      <form className={styles.acts} onSubmit={submit}>
        <input
          aria-label={t("area.close.how")}
          placeholder={t("area.close.how")}
          value={remark}
          maxLength={2000}
          onChange={(e) => setRemark(e.target.value)}
        />
        <Button look="primary" type="submit" busy={act.isPending} disabled={!remark.trim()}>
          {t("area.close")}
        </Button>
        <Button onClick={() => setClosing(false)}>{t("area.back")}</Button>
      </form>
    );
  }
  return (
    <div className={styles.acts}>
      {r.amount > 0 && (
        <Button busy={act.isPending} onClick={() => act.mutate({ more: 1 })}>
          {t("area.extend", { unit: t(`area.more.${r.unit as "business_days"}`) })}
        </Button>
      )}
      <Button onClick={() => setClosing(true)}>{t("area.close")}</Button>
      <Button busy={act.isPending} onClick={() => act.mutate({ withdraw: true })}>
        {t("area.withdraw")}
      </Button>
    </div>
  );
}
