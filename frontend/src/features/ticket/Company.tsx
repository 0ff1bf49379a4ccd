import { useEffect } from "react";
import { openAt, useCompany } from "../../api/here";
import { useText } from "../../lib/i18n";
import { Avatar } from "../../ui/Avatar";
import styles from "./Company.module.css";

const nobody: never[] = [];

/** Who else has the ticket open, and who is writing. Looking takes nothing from anybody. */
export function Company({ ticket }: { ticket: number }) {
  const t = useText();
  const others = useCompany((s) => s.of[ticket]) ?? nobody;
  useEffect(() => {
    openAt(ticket);
    return () => openAt(0);
  }, [ticket]);
  return (
    <span className={styles.company} aria-live="polite">
      {others.map((other) => (
        <span key={other.account_id} className={styles[other.doing]}>
          <Avatar id={other.account_id} name={other.name} size={16} label="" />
          {t(`company.${other.doing}`, { name: other.name })}
        </span>
      ))}
    </span>
  );
}
