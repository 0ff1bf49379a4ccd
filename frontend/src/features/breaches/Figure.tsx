import type { ReactNode } from "react";
import styles from "./BreachesPage.module.css";

interface FigureProps {
  name: string;
  value: ReactNode;
  urgent?: boolean;
  /** What it counts, for whoever asks. */
  hint?: string;
}

/** One number that a supervisor looks at. */
export function Figure({ name, value, urgent, hint }: FigureProps) {
  return (
    <div className={urgent ? styles.urgent : undefined}>
      <dt>{name}</dt>
      <dd className="numeric">{value}</dd>
      {hint && <dd className={styles.hint}>{hint}</dd>}
    </div>
  );
}
