import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { keys } from "../../api/keys";
import { useNow } from "../../lib/clock";
import { useText } from "../../lib/i18n";
import { shortMoment } from "../../lib/time";
import { Button } from "../../ui/Button";
import { ErrorState, Skeleton } from "../../ui/states";
import { toast, toastError } from "../../ui/toast";
import { endSession, sessionsQuery } from "./api";
import { deviceName } from "./device";
import styles from "./settings.module.css";

/** Where I am logged in, and the end of any of it. */
export function SessionsPanel() {
  const t = useText();
  const now = useNow(60_000);
  const cache = useQueryClient();
  const sessions = useQuery(sessionsQuery);
  const end = useMutation({
    mutationFn: endSession,
    onSuccess: () => toast(t("session.ended")),
    onError: toastError,
    onSettled: () => cache.invalidateQueries({ queryKey: keys.sessions }),
  });
  if (sessions.isPending) return <Skeleton rows={3} />;
  if (sessions.isError) return <ErrorState error={sessions.error} onRetry={() => void sessions.refetch()} />;
  return (
    <>
      <h2>{t("settings.sessoes")}</h2>
      <ul className={styles.list}>
        {sessions.data.map((session) => (
          <li key={session.id}>
            <div>
              <strong>{deviceName(session.user_agent) || t("session.unknown_device")}</strong>
              <p className={styles.quiet}>
                {session.ip} · {t("session.seen", { at: shortMoment(session.seen_at, now) })}
              </p>
            </div>
            {session.current ? (
              <span className={styles.quiet}>{t("session.current")}</span>
            ) : (
              <Button onClick={() => end.mutate(session.id)}>{t("session.end")}</Button>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
