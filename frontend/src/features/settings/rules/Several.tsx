import { useText } from "../../../lib/i18n";
import styles from "../settings.module.css";
import own from "./rules.module.css";

interface SeveralProps {
  label: string;
  error?: string | undefined;
  options: readonly { id: string; name: string }[];
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
}

/** Some of a short list; none is all. */
export function Several({ label, error, options, chosen, onChange }: SeveralProps) {
  const t = useText();
  return (
    <fieldset className={own.several}>
      <legend>
        {label} <span className={styles.quiet}>{t("rules.none_is_all")}</span>
      </legend>
      {options.map((o) => (
        <label key={o.id}>
          <input
            type="checkbox"
            checked={chosen.includes(o.id)}
            onChange={(e) =>
              onChange(e.target.checked ? [...chosen, o.id] : chosen.filter((id) => id !== o.id))
            }
          />
          {o.name}
        </label>
      ))}
      {error && <p className={styles.error}>{error}</p>}
    </fieldset>
  );
}
