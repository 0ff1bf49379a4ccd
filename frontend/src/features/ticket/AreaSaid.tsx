import { useQuery } from "@tanstack/react-query";
import type { TicketRow } from "../../api/types";
import { useText } from "../../lib/i18n";
import styles from "./AreaStrip.module.css";
import { requestsQuery } from "./areas";

/** What an area answered, where it stands in the line of time: for us alone. */
export default function AreaSaid({ row, request, at }: { row: TicketRow; request: string; at: string }) {
  const t = useText();
  const { data } = useQuery(requestsQuery(row));
  const answers = data?.find((r) => r.id === request)?.answers ?? [];
  const said = answers.find((a) => a.at === at) ?? answers[0];
  if (!said) return null;
  return (
    <figure className={styles.answer}>
      <blockquote>{said.body}</blockquote>
      <figcaption>{t(`area.way.${said.way}`, { name: said.name || said.address })}</figcaption>
    </figure>
  );
}
