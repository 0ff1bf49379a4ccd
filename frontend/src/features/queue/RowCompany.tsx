import { Eye, Pencil } from "lucide-react";
import type { Other } from "../../api/here";
import { useText } from "../../lib/i18n";
import styles from "./RowCompany.module.css";

/** A pencil while somebody writes on the ticket of a row, an eye while somebody reads it. */
export default function RowCompany({ others }: { others: Other[] }) {
  const t = useText();
  const writing = others.some((o) => o.doing === "typing");
  const label = others.map((o) => t(`company.${o.doing}`, { name: o.name })).join(", ");
  const Icon = writing ? Pencil : Eye;
  return (
    <span
      className={`${styles.company} ${others.every((o) => o.doing === "idle") ? styles.idle : ""}`}
      title={label}
      data-company={writing ? "typing" : "viewing"}
    >
      <Icon aria-hidden />
      {others.length > 1 && <span aria-hidden>{others.length}</span>}
      <span className="visually-hidden">{label}</span>
    </span>
  );
}
