import { useQuery } from "@tanstack/react-query";
import styles from "../features/ombudsman/cases.module.css";
import { timelineQuery } from "../features/ticket/api";
import { MessageItem } from "../features/ticket/MessageItem";
import { useText } from "../lib/i18n";
import { ErrorState, Skeleton } from "../ui/states";

/** The demand in its own words, and what the demandant added to it. */
export function DemandPart({ ticketId }: { ticketId: number }) {
  const t = useText();
  const timeline = useQuery({ ...timelineQuery(ticketId), refetchInterval: 60_000 });
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
              <MessageItem ticketId={ticketId} message={message} />
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
