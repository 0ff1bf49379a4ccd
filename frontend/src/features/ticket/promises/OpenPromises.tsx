import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { peopleQuery } from "../../../api/directory";
import type { TicketRow } from "../../../api/types";
import { arrives } from "../../../lib/arrives";
import { useNow } from "../../../lib/clock";
import { useText } from "../../../lib/i18n";
import { dayAndTime } from "../../../lib/time";
import { Button } from "../../../ui/Button";
import styles from "../Owed.module.css";
import { type Commitment, type OpenPromise, promisesQuery } from "./api";
import own from "./promises.module.css";

const PromiseDialog = lazy(() => arrives(() => import("./PromiseDialog")));

interface OpenProps {
  row: TicketRow;
  /** What an answer that was not sent yet promises; absent asks for what is open. */
  promised?: readonly OpenPromise[];
}

/** What we have promised and not kept, by whom and until when: said to be kept, withdrawn, or left as it is. */
export function OpenPromises({ row, promised }: OpenProps) {
  const t = useText();
  const now = useNow(60_000);
  const people = useQuery(peopleQuery).data ?? [];
  const asked = useQuery({ ...promisesQuery(row.id), staleTime: 0, enabled: !promised }).data ?? [];
  const open: readonly (OpenPromise | Commitment)[] = promised ?? asked.filter((c) => c.state === "open");
  const [doing, setDoing] = useState<{ act: "keep" | "withdraw"; promise: Commitment }>();
  if (open.length === 0) return null;
  return (
    <>
      <p>{t(promised ? "owed.promised.answer" : "owed.promised", { n: open.length })}</p>
      <ul aria-label={t("promise.title")}>
        {open.map((c) => (
          <li key={`${c.due_at} ${c.text}`}>
            <strong>“{c.text}”</strong>
            <p className={Date.parse(c.due_at) < now ? own.late : own.quiet}>
              {t(Date.parse(c.due_at) < now ? "promise.late" : "promise.due", {
                due: dayAndTime(c.due_at),
                owner: people.find((p) => p.id === c.owner_id)?.name ?? t("event.somebody"),
              })}
            </p>
            {"id" in c && (
              <div className={styles.acts}>
                {(["keep", "withdraw"] as const).map((act) => (
                  <Button
                    key={act}
                    aria-label={t(`promise.${act}.named`, { text: c.text })}
                    onClick={() => setDoing({ act, promise: c })}
                  >
                    {t(`promise.${act}`)}
                  </Button>
                ))}
              </div>
            )}
          </li>
        ))}
      </ul>
      <p className={styles.quiet}>{t("owed.promised.then")}</p>
      {doing && (
        <Suspense>
          <PromiseDialog row={row} {...doing} onClose={() => setDoing(undefined)} />
        </Suspense>
      )}
    </>
  );
}
