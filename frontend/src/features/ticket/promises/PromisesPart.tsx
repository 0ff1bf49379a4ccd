import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { usePerson } from "../../../api/directory";
import type { TicketRow } from "../../../api/types";
import { arrives } from "../../../lib/arrives";
import { useNow } from "../../../lib/clock";
import { useText } from "../../../lib/i18n";
import { dayAndTime } from "../../../lib/time";
import { Button } from "../../../ui/Button";
import { type Commitment, promisesQuery } from "./api";
import styles from "./promises.module.css";

const PromiseDialog = lazy(() => arrives(() => import("./PromiseDialog")));

export type PromiseAct = "keep" | "move" | "withdraw";

/** What we have promised the customer: open ones with what can be done, then how the others ended. */
export default function PromisesPart({ row }: { row: TicketRow }) {
  const t = useText();
  const all = useQuery(promisesQuery(row.id)).data ?? [];
  const [doing, setDoing] = useState<{ act: PromiseAct; promise: Commitment }>();
  if (all.length === 0) return null;
  const open = all.filter((c) => c.state === "open");
  return (
    <section className={styles.part} aria-label={t("promise.title")}>
      <h3>{t("promise.title")}</h3>
      <ul>
        {[...open, ...all.filter((c) => c.state !== "open")].map((promise) => (
          <Item key={promise.id} promise={promise} onAct={(act) => setDoing({ act, promise })} />
        ))}
      </ul>
      {doing && (
        <Suspense>
          <PromiseDialog row={row} {...doing} onClose={() => setDoing(undefined)} />
        </Suspense>
      )}
    </section>
  );
}

function Item({ promise: c, onAct }: { promise: Commitment; onAct: (act: PromiseAct) => void }) {
  const t = useText();
  const now = useNow(60_000);
  const owner = usePerson(c.owner_id)?.name ?? t("event.somebody");
  const late = c.state === "open" && Date.parse(c.due_at) < now;
  const due = dayAndTime(c.due_at);
  return (
    <li className={c.state === "open" ? styles.open : undefined}>
      <p>“{c.text}”</p>
      <p className={late ? styles.late : styles.quiet}>
        {c.state === "open"
          ? t(late ? "promise.late" : "promise.due", { due, owner })
          : t(c.state === "kept" ? "promise.kept" : "promise.withdrawn", { due, owner })}
        {c.broken && c.state !== "open" && ` · ${t("promise.broken")}`}
        {c.moves.length > 0 && ` · ${t("promise.moved", { n: c.moves.length })}`}
        {c.reason && ` · ${c.reason}`}
      </p>
      {c.state === "open" && (
        <p className={styles.acts}>
          {(["keep", "move", "withdraw"] as const).map((act) => (
            <Button
              key={act}
              look="quiet"
              aria-label={t(`promise.${act}.named`, { text: c.text })}
              onClick={() => onAct(act)}
            >
              {t(`promise.${act}`)}
            </Button>
          ))}
        </p>
      )}
    </li>
  );
}
