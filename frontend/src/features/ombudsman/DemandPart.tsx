import { useQuery } from "@tanstack/react-query";
import { useText } from "../../lib/i18n";
import { ErrorState, Skeleton } from "../../ui/states";
import { timelineQuery } from "../ticket/api";
import { MessageItem } from "../ticket/MessageItem";
import type { Case } from "./api";
import styles from "./cases.module.css";

/** The demand in its own words, and what the demandant added to it. */
export function DemandPart({ c }: { c: Case }) {
  const t = useText();
  const timeline = useQuery({ ...timelineQuery(c.ticket.id), refetchInterval: 60_000 });
  const said = (timeline.data?.items ?? []).flatMap(({ message }) =>
    message?.direction === "in" ? [message] : [],
  );
  return (
    <section className={styles.part} aria-labelledby="demand">
      <h2 id="demand">{t("cases.demand")}</h2>
      {timeline.isPending && <Skeleton rows={2} />}
      {timeline.isError && !timeline.data && (
        <ErrorState error={timeline.error} onRetry={() => void timeline.refetch()} />
      )}
      {said.length > 0 && (
        <ol
          className={`${styles.words} quiet-scroll`}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by key
          tabIndex={0}
          aria-labelledby="demand"
        >
          {said.map((message) => (
            <li key={message.id}>
              <MessageItem ticketId={c.ticket.id} message={message} />
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
