import type { Other } from "../../api/here";
import { useText } from "../../lib/i18n";
import { Avatar } from "../../ui/Avatar";
import styles from "./Company.module.css";

/** Who else has the ticket open, and who is writing. Looking takes nothing from anybody. */
export default function Company({ others }: { others: Other[] }) {
  const t = useText();
  return others.map((other) => (
    <span key={other.account_id} className={`${styles.other} ${styles[other.doing]}`}>
      <Avatar id={other.account_id} name={other.name} size={16} label="" />
      {t(`company.${other.doing}`, { name: other.name })}
    </span>
  ));
}
