import { Paperclip, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import styles from "./Strip.module.css";

/** Something to know before going on, across the pane, above what it is about. A quiet one only asks. */
export function Strip({
  title,
  children,
  action,
  quiet = false,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  quiet?: boolean;
}) {
  return (
    <div className={`${styles.strip} ${quiet ? styles.quiet : ""}`} role={quiet ? "status" : "alert"}>
      {quiet ? <Paperclip aria-hidden /> : <TriangleAlert aria-hidden />}
      <div className={styles.content}>
        <strong>{title}</strong>
        {children}
      </div>
      {action}
    </div>
  );
}
