import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { CircleAlert, Mail, MessageSquareText, Stamp } from "lucide-react";
import { useState } from "react";
import { keys } from "../../api/keys";
import { useNow } from "../../lib/clock";
import { useText } from "../../lib/i18n";
import { shortMoment } from "../../lib/time";
import { Button } from "../../ui/Button";
import { SelectField } from "../../ui/Field";
import { EmptyState, ErrorState, Skeleton } from "../../ui/states";
import { toast, toastError } from "../../ui/toast";
import { canCancel, cancelOut, canRetry, type OutItem, type OutState, outboxQuery, retryOut } from "./api";
import styles from "./outgoing.module.css";
import { stateInWords, whyInWords } from "./words";

const states = [
  "queued",
  "sending",
  "sent",
  "delivered",
  "failed",
  "bounced",
  "suppressed",
  "undone",
] as const satisfies OutState[];

const icons = { email: Mail, sms: MessageSquareText, letter: Stamp };
/** What a person should look at. */
const grave: readonly OutState[] = ["failed", "bounced"];

/** The outbox, newest first: what each row is, how far it came and why, and what can be done. */
export function OutList({ onOpen }: { onOpen: (protocol: string) => void }) {
  const t = useText();
  const [state, setState] = useState<OutState | "">("");
  const list = useInfiniteQuery(outboxQuery(state));
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  const held = Boolean(list.data?.pages[0]?.held);
  return (
    <div className={styles.drawer}>
      <div className={styles.tools}>
        <SelectField<OutState | "">
          label={t("outgoing.state")}
          value={state}
          onChange={setState}
          options={[
            { value: "", name: t("outgoing.state.any") },
            ...states.map((name) => ({
              value: name,
              name: t(name === "queued" && held ? "outgoing.state.held" : `outgoing.state.${name}`),
            })),
          ]}
        />
      </div>
      {list.isPending ? (
        <Skeleton rows={6} />
      ) : list.isError && items.length === 0 ? (
        <ErrorState error={list.error} onRetry={() => void list.refetch()} />
      ) : items.length === 0 ? (
        <EmptyState title={t(state === "" ? "outgoing.none" : "outgoing.none.state")}>
          {state === "" && t("outgoing.none.hint")}
        </EmptyState>
      ) : (
        <table className={styles.rows}>
          <caption className="visually-hidden">{t("outgoing.all")}</caption>
          <thead>
            <tr>
              <th scope="col">{t("outgoing.to")}</th>
              <th scope="col">{t("outgoing.what")}</th>
              <th scope="col">{t("outgoing.state")}</th>
              <th scope="col">{t("outgoing.ordered")}</th>
              <th scope="col">
                <span className="visually-hidden">{t("outgoing.acts")}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {items.map((item) => (
              <Row key={item.id} item={item} held={held} onOpen={onOpen} />
            ))}
          </tbody>
        </table>
      )}
      {list.hasNextPage && (
        <Button
          className={styles.more}
          busy={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          {t("intake.more")}
        </Button>
      )}
    </div>
  );
}

interface RowProps {
  item: OutItem;
  held: boolean;
  onOpen: (protocol: string) => void;
}

function Row({ item, held, onOpen }: RowProps) {
  const t = useText();
  const cache = useQueryClient();
  const now = useNow(60_000);
  const settled = () => cache.invalidateQueries({ queryKey: keys.outgoing });
  const again = useMutation({
    mutationFn: () => retryOut(item.id),
    onSuccess: () => toast(t("outgoing.retried")),
    onError: toastError,
    onSettled: settled,
  });
  const stop = useMutation({
    mutationFn: () => cancelOut(item.id),
    onSuccess: () => toast(t("outgoing.cancelled")),
    onError: toastError,
    onSettled: settled,
  });
  const Icon = icons[item.way];
  const bad = grave.includes(item.state);
  const why = whyInWords(t, item, now);
  const about = { to: item.recipient, what: t(`outgoing.purpose.${item.purpose}`) };
  return (
    <tr>
      <td>
        <span className={styles.to}>
          <Icon role="img" aria-label={t(`outgoing.way.${item.way}`)} /> <span>{item.recipient}</span>
        </span>
      </td>
      <td>
        {t(`outgoing.purpose.${item.purpose}`)}
        {item.protocol && (
          <button type="button" className={styles.link} onClick={() => onOpen(item.protocol)}>
            <span className="numeric">{item.protocol}</span>
          </button>
        )}
      </td>
      <td>
        <span className={bad ? styles.bad : undefined}>
          {bad && <CircleAlert aria-hidden />} {stateInWords(t, item, held)}
        </span>
        {why && <span className={styles.quiet}>{why}</span>}
        {item.detail && item.way !== "letter" && (
          <details className={styles.said}>
            <summary>{t("outgoing.detail")}</summary>
            <q>{item.detail}</q>
          </details>
        )}
      </td>
      <td className="numeric">{shortMoment(item.created_at, now)}</td>
      <td className={styles.acts}>
        {canRetry(item) && (
          <Button
            busy={again.isPending}
            aria-label={t("outgoing.retry.of", about)}
            onClick={() => again.mutate()}
          >
            {t("outgoing.retry")}
          </Button>
        )}
        {canCancel(item) && (
          <Button
            look="quiet"
            busy={stop.isPending}
            aria-label={t("outgoing.cancel.of", about)}
            onClick={() => stop.mutate()}
          >
            {t("outgoing.cancel")}
          </Button>
        )}
      </td>
    </tr>
  );
}
