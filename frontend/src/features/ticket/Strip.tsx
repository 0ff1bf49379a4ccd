import { TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import styles from "./Strip.module.css";

/** Something to know before going on, across the pane, above what it is about. */
export function Strip({
  title,
  children,
  action,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className={styles.strip} role="alert">
      <TriangleAlert aria-hidden />
      <div className={styles.content}>
        <strong>{title}</strong>
        {children}
      </div>
      {action}
    </div>
  );
}
