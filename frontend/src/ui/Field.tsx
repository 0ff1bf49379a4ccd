import { type InputHTMLAttributes, type ReactNode, type TextareaHTMLAttributes, useId } from "react";
import styles from "./Field.module.css";

interface Frame {
  label: string;
  hint?: string;
  error?: string;
}

interface Wiring {
  id: string;
  "aria-describedby"?: string;
  "aria-invalid"?: true;
}

/** Ties a control to its name, its hint and what is wrong with it. */
function Labelled({ label, hint, error, children }: Frame & { children: (wiring: Wiring) => ReactNode }) {
  const id = useId();
  const about = error ? `${id}-error` : hint ? `${id}-hint` : undefined;
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      {children({ id, "aria-describedby": about, "aria-invalid": error ? true : undefined })}
      {hint && !error && (
        <p id={`${id}-hint`} className={styles.hint}>
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} className={styles.error}>
          {error}
        </p>
      )}
    </div>
  );
}

type FieldProps = Frame & Omit<InputHTMLAttributes<HTMLInputElement>, "id">;

export function Field({ label, hint, error, ...input }: FieldProps) {
  return (
    <Labelled label={label} hint={hint} error={error}>
      {(wiring) => <input className={styles.input} {...input} {...wiring} />}
    </Labelled>
  );
}

type AreaFieldProps = Frame & Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, "id">;

/** Several lines. */
export function AreaField({ label, hint, error, ...area }: AreaFieldProps) {
  return (
    <Labelled label={label} hint={hint} error={error}>
      {(wiring) => <textarea className={`${styles.input} ${styles.area}`} {...area} {...wiring} />}
    </Labelled>
  );
}

interface SelectFieldProps<T extends string> extends Frame {
  value: T;
  options: readonly { value: T; name: string }[];
  onChange: (value: T) => void;
}

/** The browser's own list: it is fast, known, and works with every reader. */
export function SelectField<T extends string>({ value, options, onChange, ...frame }: SelectFieldProps<T>) {
  return (
    <Labelled {...frame}>
      {(wiring) => (
        <select
          className={styles.input}
          value={value}
          onChange={(e) => onChange(e.target.value as T)}
          {...wiring}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.name}
            </option>
          ))}
        </select>
      )}
    </Labelled>
  );
}

interface CheckFieldProps {
  label: string;
  hint?: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
}

export function CheckField({ label, hint, checked, onChange }: CheckFieldProps) {
  const id = useId();
  return (
    <div className={styles.check}>
      <input
        id={id}
        type="checkbox"
        checked={checked}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(e) => onChange(e.target.checked)}
      />
      <label htmlFor={id}>{label}</label>
      {hint && (
        <p id={`${id}-hint`} className={styles.hint}>
          {hint}
        </p>
      )}
    </div>
  );
}
