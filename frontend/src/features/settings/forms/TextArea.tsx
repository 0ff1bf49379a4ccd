import { useId } from "react";
import own from "./forms.module.css";

interface Props {
  label: string;
  value: string;
  onChange: (text: string) => void;
  hint?: string;
  error?: string;
}

/** A field of several lines, tied to its name, its hint and what is wrong with it. */
export function TextArea({ label, value, onChange, hint, error }: Props) {
  const id = useId();
  const about = error ?? hint;
  return (
    <div className={own.area}>
      <label htmlFor={id}>{label}</label>
      <textarea
        id={id}
        rows={3}
        value={value}
        aria-describedby={about ? `${id}-about` : undefined}
        aria-invalid={error ? true : undefined}
        onChange={(e) => onChange(e.target.value)}
      />
      {about && (
        <p id={`${id}-about`} className={error ? own.wrong : own.hint}>
          {about}
        </p>
      )}
    </div>
  );
}
