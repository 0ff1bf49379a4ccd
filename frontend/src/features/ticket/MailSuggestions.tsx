import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Link2, X } from "lucide-react";
import { useState } from "react";
import { api, unwrap } from "../../api/client";
import { keys } from "../../api/keys";
import { useText } from "../../lib/i18n";
import { IconButton } from "../../ui/Button";
import styles from "./MailSuggestions.module.css";

/** Tickets to which this one's mail refers from outside them: a hint, which its reader may put away. */
export function MailSuggestions({ ticketId }: { ticketId: number }) {
  const t = useText();
  const [away, setAway] = useState(false);
  const { data } = useQuery({
    queryKey: keys.mailSuggestions(ticketId),
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/tickets/{ticket}/suggestions", {
          params: { path: { ticket: String(ticketId) } },
          signal,
        }),
      ),
    staleTime: 60_000,
  });
  if (away || !data || data.items.length === 0) return null;
  return (
    <div className={styles.strip} role="status">
      <Link2 aria-hidden />
      <ul>
        {data.items.map((s) => (
          <li key={s.ticket_id}>
            {t("mail.suggestion")}{" "}
            <Link to="/fila" search={(now) => ({ ...now, t: s.protocol })}>
              {s.subject} · {s.customer_name}
            </Link>{" "}
            <span>{t(`mail.suggestion.${s.reason}`)}</span>
          </li>
        ))}
      </ul>
      <IconButton label={t("mail.suggestion.away")} icon={<X />} onClick={() => setAway(true)} />
    </div>
  );
}
