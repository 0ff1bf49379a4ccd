import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { LifeBuoy } from "lucide-react";
import { useEffect, useRef } from "react";
import { keys } from "../../api/keys";
import { may, useMe } from "../../api/session";
import type { HelpCall } from "../../api/types";
import { useNow } from "../../lib/clock";
import { useText } from "../../lib/i18n";
import { roughSpan } from "../../lib/time";
import { toast, toastError } from "../../ui/toast";
import { helpQuery, join } from "./api";
import styles from "./company.module.css";

/** Who waits for a supervisor. One press goes there, and tells them that somebody comes. */
export function HelpCalls({ onOpen }: { onOpen: (protocol: string) => void }) {
  const t = useText();
  const me = useMe();
  const cache = useQueryClient();
  const now = useNow(30_000);
  const all = useQuery({ ...helpQuery, enabled: may(me, "tickets.take_over") }).data ?? [];
  const waiting = all.filter((h) => h.account_id !== me.id);
  const known = useRef(new Set<string>());
  const going = useMutation({
    mutationFn: (h: HelpCall) => join(h.ticket_id, h.account_id),
    onSettled: () => cache.invalidateQueries({ queryKey: keys.help }),
    onError: toastError,
  });
  useEffect(() => {
    for (const h of waiting) {
      const key = `${h.ticket_id}/${h.account_id}/${h.asked_at}`;
      if (known.current.has(key)) continue;
      known.current.add(key);
      toast(t("help.asks", { name: h.name, subject: h.subject }));
    }
  }, [waiting, t]);
  if (waiting.length === 0) return null;
  return (
    <section className={styles.calls} aria-label={t("help.waiting")}>
      <ul>
        {waiting.map((h) => (
          <li key={`${h.ticket_id}/${h.account_id}`}>
            <button
              type="button"
              onClick={() => {
                onOpen(h.protocol);
                going.mutate(h);
              }}
            >
              <LifeBuoy aria-hidden />
              <span>
                <b>{t("help.asks", { name: h.name, subject: h.subject })}</b>
                {h.word && <q>{h.word}</q>}
                <span className={styles.state}>
                  {t("help.since", { span: roughSpan(now - Date.parse(h.asked_at)) })}
                </span>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
