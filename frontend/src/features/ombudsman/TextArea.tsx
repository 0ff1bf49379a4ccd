import { useId } from "react";
import styles from "./cases.module.css";

interface TextAreaProps {
  label: string;
  hint?: string;
  rows: number;
  value: string;
  onChange: (value: string) => void;
  max: number;
}

/** A field of several lines with its name above it. */
export function TextArea({ label, hint, rows, value, onChange, max }: TextAreaProps) {
  const id = useId();
  return (
    <div className={styles.area}>
      <label htmlFor={id}>{label}</label>
      <textarea
        id={id}
        rows={rows}
        value={value}
        maxLength={max}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(e) => onChange(e.target.value)}
      />
      {hint && (
        <p id={`${id}-hint`} className={styles.quiet}>
          {hint}
        </p>
      )}
    </div>
  );
}
