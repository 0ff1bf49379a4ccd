import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Phone } from "lucide-react";
import { type FormEvent, useState } from "react";
import { usePerson } from "../../api/directory";
import { keys } from "../../api/keys";
import { useMe } from "../../api/session";
import type { CallBack } from "../../api/types";
import { useNow } from "../../lib/clock";
import { useText } from "../../lib/i18n";
import { clockTime, shortMoment } from "../../lib/time";
import { Button } from "../../ui/Button";
import { toast, toastError } from "../../ui/toast";
import { type BackChange, changeCallBack, tried } from "./api";
import styles from "./callbacks.module.css";
import { Window } from "./Endings";
import { focusNow } from "./focusNow";
import { newSheet } from "./sheets";

const results = ["no_answer", "busy", "wrong_number"] as const;

/** One call that we owe: whom, when, how often it was tried, and what comes of it now. */
export function CallBackItem({ owed, onOpen }: { owed: CallBack; onOpen: (protocol: string) => void }) {
  const t = useText();
  const me = useMe();
  const cache = useQueryClient();
  const now = useNow(60_000);
  const agent = usePerson(owed.agent_id);
  const [asking, setAsking] = useState<"give_up" | "move">();
  const [called, setCalled] = useState(false);
  const done = {
    onSuccess: (b: CallBack) => {
      setAsking(undefined);
      setCalled(false);
      if (b.state !== "open") toast(t(`callbacks.ended.${b.state}`));
    },
    onError: toastError,
    onSettled: () => cache.invalidateQueries({ queryKey: keys.calls }),
  };
  const attempt = useMutation({
    mutationFn: (result: Parameters<typeof tried>[1]) => tried(owed.id, result),
    ...done,
  });
  const change = useMutation({ mutationFn: (body: BackChange) => changeCallBack(owed.id, body), ...done });
  const call = () => {
    newSheet(me.id, { caller: owed.phone, about: owed.ticket.protocol });
    setCalled(true);
  };
  const last = owed.attempts.at(-1);
  const who = owed.ticket.customer_name || t("customer.unknown");
  return (
    <li className={styles.item} data-overdue={owed.overdue || undefined}>
      <div className={styles.who}>
        <strong>{who}</strong>
        {owed.phone ? (
          <a className="numeric" href={`tel:${owed.phone}`}>
            {owed.phone}
          </a>
        ) : (
          <span className={styles.quiet}>{t("callbacks.no_phone")}</span>
        )}
        <p className={styles.quiet}>
          {t(`callbacks.why.${owed.why}`)} ·{" "}
          <a
            href={`/fila?view=all&t=${owed.ticket.protocol}`}
            onClick={(e) => {
              if (e.ctrlKey || e.metaKey || e.shiftKey) return;
              e.preventDefault();
              onOpen(owed.ticket.protocol);
            }}
          >
            {owed.ticket.subject}
          </a>
        </p>
      </div>
      <div className={styles.when}>
        <span className={`${styles.window} numeric`}>
          {shortMoment(owed.from, now)} – {clockTime(owed.to)}
        </span>
        {owed.overdue && <span className={styles.overdue}>{t("callbacks.overdue")}</span>}
        <p className={styles.quiet}>
          {t("callbacks.attempts", { n: owed.attempts.length })}
          {last && (
            <>
              {" · "}
              {t(`callbacks.result.${last.result}`)}{" "}
              <span className="numeric">{shortMoment(last.at, now)}</span>
            </>
          )}
        </p>
        {owed.state === "open" && Date.parse(owed.next_at) > now && owed.attempts.length > 0 && (
          <p className={styles.quiet}>{t("callbacks.next", { at: shortMoment(owed.next_at, now) })}</p>
        )}
        <p className={styles.quiet}>{agent ? agent.name : t("callbacks.anybody")}</p>
      </div>
      {owed.state === "open" && (
        <div className={styles.acts}>
          <Button
            look={called ? "plain" : "primary"}
            icon={<Phone aria-hidden />}
            onClick={call}
            disabled={!owed.allowed}
            aria-label={t("callbacks.call.named", { name: who })}
          >
            {t("callbacks.call")}
          </Button>
          <Button busy={attempt.isPending} onClick={() => attempt.mutate("reached")}>
            {t("callbacks.reached")}
          </Button>
          <select
            className={styles.select}
            aria-label={t("callbacks.not_reached")}
            value=""
            onChange={(e) => e.target.value && attempt.mutate(e.target.value as (typeof results)[number])}
          >
            <option value="">{t("callbacks.not_reached")}</option>
            {results.map((result) => (
              <option key={result} value={result}>
                {t(`callbacks.result.${result}`)}
              </option>
            ))}
          </select>
          <Button look="quiet" onClick={() => setAsking(asking === "move" ? undefined : "move")}>
            {t("callbacks.move")}
          </Button>
          <Button look="quiet" onClick={() => setAsking(asking === "give_up" ? undefined : "give_up")}>
            {t("callbacks.give_up")}
          </Button>
        </div>
      )}
      {!owed.allowed && owed.state === "open" && (
        <p className={styles.overdue}>{t("callbacks.refused", { reason: owed.refused })}</p>
      )}
      {owed.state === "cancelled" && owed.reason && (
        <p className={styles.quiet}>{reasonWords(t, owed.reason)}</p>
      )}
      {asking === "move" && (
        <div className={styles.asked}>
          <Window
            busy={change.isPending}
            onCancel={() => setAsking(undefined)}
            onChosen={(window) => change.mutate({ window })}
          />
        </div>
      )}
      {asking === "give_up" && (
        <GiveUp
          busy={change.isPending}
          onCancel={() => setAsking(undefined)}
          onReason={(reason) => change.mutate({ cancel: true, reason })}
        />
      )}
    </li>
  );
}

/** Why it ended without a call: our own codes have words, a person's reason is shown as it is. */
function reasonWords(t: ReturnType<typeof useText>, reason: string): string {
  switch (reason) {
    case "replaced":
      return t("callbacks.reason.replaced");
    case "answered":
      return t("callbacks.reason.answered");
    case "wrong_number":
      return t("callbacks.result.wrong_number");
    default:
      return reason;
  }
}

function GiveUp({
  busy,
  onReason,
  onCancel,
}: {
  busy: boolean;
  onReason: (reason: string) => void;
  onCancel: () => void;
}) {
  const t = useText();
  const [reason, setReason] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onReason(reason.trim());
  };
  return (
    <form className={styles.asked} onSubmit={submit}>
      <label>
        {t("callbacks.give_up.why")}
        <input
          className={styles.input}
          value={reason}
          maxLength={500}
          onChange={(e) => setReason(e.target.value)}
          required
          ref={focusNow}
        />
      </label>
      <p className={styles.acts}>
        <Button type="submit" busy={busy}>
          {t("callbacks.give_up")}
        </Button>
        <Button look="quiet" onClick={onCancel}>
          {t("call.cancel")}
        </Button>
      </p>
    </form>
  );
}
