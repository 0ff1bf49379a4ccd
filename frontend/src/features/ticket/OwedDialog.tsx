import { useQuery } from "@tanstack/react-query";
import type { TicketRow } from "../../api/types";
import { useNow } from "../../lib/clock";
import { useText } from "../../lib/i18n";
import { roughSpan, shortMoment } from "../../lib/time";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { ErrorState, Skeleton } from "../../ui/states";
import { requestsQuery } from "./areas";
import styles from "./Owed.module.css";
import type { OpenPromise } from "./promises/api";
import { OpenPromises } from "./promises/OpenPromises";

interface OwedDialogProps {
  row: TicketRow;
  /** What the answer that resolves promises itself; absent asks for what is open. */
  promised?: readonly OpenPromise[];
  onResolve: () => void;
  /** Answers, and goes on waiting for the areas; absent where nothing is answered. */
  onAnswer?: () => void;
  onClose: () => void;
}

/** Asked before a ticket is resolved: which areas owe an answer and what becomes of their requests, and what we still owe its customer. */
export default function OwedDialog({ row, promised, onResolve, onAnswer, onClose }: OwedDialogProps) {
  const t = useText();
  const now = useNow(60_000);
  const requests = useQuery({ ...requestsQuery(row), staleTime: 0 });
  const owing = (requests.data ?? []).filter((r) => r.state === "open");
  const go = (act: () => void) => () => {
    onClose();
    act();
  };
  return (
    <Dialog open onClose={onClose} title={t("owed.title")}>
      <div className={styles.owed}>
        {requests.isPending ? (
          <Skeleton rows={2} />
        ) : requests.isError && !requests.data ? (
          <ErrorState error={requests.error} onRetry={() => void requests.refetch()} />
        ) : (
          owing.length > 0 && (
            <>
              <p>{t("owed.who", { n: owing.length })}</p>
              <ul>
                {owing.map((r) => (
                  <li key={r.id}>
                    <strong>{r.area}</strong>{" "}
                    <span className={styles.quiet}>
                      {Date.parse(r.due) < now
                        ? t("area.late", { span: roughSpan(now - Date.parse(r.due)) })
                        : t("area.due", { at: shortMoment(r.due, now) })}
                    </span>
                    <p>{r.body}</p>
                  </li>
                ))}
              </ul>
              <p className={styles.quiet}>{t("owed.then")}</p>
            </>
          )
        )}
        <OpenPromises row={row} promised={promised} />
        <footer>
          <Button onClick={onClose}>{t("area.back")}</Button>
          {onAnswer && <Button onClick={go(onAnswer)}>{t("owed.answer")}</Button>}
          <Button look="primary" onClick={go(onResolve)}>
            {t("owed.resolve")}
          </Button>
        </footer>
      </div>
    </Dialog>
  );
}
