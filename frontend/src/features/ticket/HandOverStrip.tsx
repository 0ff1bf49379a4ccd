import { useMe } from "../../api/session";
import type { HandOver } from "../../api/types";
import { useText } from "../../lib/i18n";
import styles from "./HandOverStrip.module.css";

/** How the ticket came here, first of all to read, until somebody answers. */
export default function HandOverStrip({ over }: { over: HandOver }) {
  const t = useText();
  const me = useMe();
  return (
    <aside className={styles.strip} aria-label={t("handover")}>
      <strong>
        {t(over.to_id === me.id ? "handover.to.me" : "handover.from", { name: over.from_name })}
      </strong>
      <p>{over.note}</p>
    </aside>
  );
}
