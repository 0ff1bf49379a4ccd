import { useQueryClient } from "@tanstack/react-query";
import { Plus, Ticket } from "lucide-react";
import { type FormEvent, useState } from "react";
import { keys } from "../../api/keys";
import type { Call } from "../../api/types";
import { useText } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { toast, toastError } from "../../ui/toast";
import { anotherTicket, changeCall } from "./api";
import styles from "./call.module.css";
import { focusNow } from "./focusNow";

interface AboutProps {
  call: Call;
  /** Protocol of the ticket that is open on the desk. */
  open: string | undefined;
  onOpen: (protocol: string) => void;
}

/** What the call is about: its own new ticket, an older one, or several. */
export function About({ call, open, onOpen }: AboutProps) {
  const t = useText();
  const cache = useQueryClient();
  const [older, setOlder] = useState("");
  const [asking, setAsking] = useState<"older" | "second">();
  const [subject, setSubject] = useState("");

  const about = (ref: string) =>
    changeCall(cache, call.id, { about: ref.replace(/\s/g, "") }).then(
      () => setAsking(undefined),
      toastError,
    );
  const second = (event: FormEvent) => {
    event.preventDefault();
    anotherTicket(call.id, subject.trim()).then(({ protocol }) => {
      toast(t("call.about.second.made", { protocol }));
      setAsking(undefined);
      setSubject("");
      void cache.invalidateQueries({ queryKey: keys.call(call.id) });
    }, toastError);
  };
  const here = open !== undefined && !call.absorbed && !call.tickets.some((row) => row.protocol === open);

  return (
    <>
      <ul className={styles.tickets}>
        {call.tickets.map((row) => (
          <li key={row.id}>
            <Ticket aria-hidden />
            <a
              href={`/fila?view=all&t=${row.protocol}`}
              onClick={(e) => {
                if (e.ctrlKey || e.metaKey || e.shiftKey) return;
                e.preventDefault();
                onOpen(row.protocol);
              }}
            >
              {row.subject}
            </a>
            <span className={`${styles.quiet} numeric`}>{row.protocol}</span>
          </li>
        ))}
      </ul>
      {asking === undefined && (
        <p className={styles.actions}>
          {here && <Button onClick={() => void about(open)}>{t("call.about.here")}</Button>}
          {!call.absorbed && (
            <Button look="quiet" onClick={() => setAsking("older")}>
              {t("call.about.older")}
            </Button>
          )}
          <Button look="quiet" icon={<Plus aria-hidden />} onClick={() => setAsking("second")}>
            {t("call.about.second")}
          </Button>
        </p>
      )}
      {asking === "older" && (
        <form
          className={styles.asked}
          onSubmit={(e) => {
            e.preventDefault();
            void about(older);
          }}
        >
          <input
            className={styles.input}
            aria-label={t("call.about.protocol")}
            placeholder={t("call.about.protocol")}
            value={older}
            onChange={(e) => setOlder(e.target.value)}
            inputMode="numeric"
            required
            ref={focusNow}
          />
          <Button type="submit">{t("call.about.join")}</Button>
          <Button look="quiet" onClick={() => setAsking(undefined)}>
            {t("call.cancel")}
          </Button>
        </form>
      )}
      {asking === "second" && (
        <form className={styles.asked} onSubmit={second}>
          <input
            className={styles.input}
            aria-label={t("call.about.subject")}
            placeholder={t("call.about.subject")}
            value={subject}
            maxLength={200}
            onChange={(e) => setSubject(e.target.value)}
            required
            ref={focusNow}
          />
          <Button type="submit">{t("call.about.open")}</Button>
          <Button look="quiet" onClick={() => setAsking(undefined)}>
            {t("call.cancel")}
          </Button>
        </form>
      )}
    </>
  );
}
