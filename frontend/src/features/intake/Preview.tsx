import { Paperclip } from "lucide-react";
import { useText } from "../../lib/i18n";
import { dayAndTime } from "../../lib/time";
import styles from "./IntakePage.module.css";

const lines = ["from", "to", "subject", "date"] as const;

/** What an entry says of itself, as plain text: a stranger wrote all of it. */
export function Preview({ told }: { told: Record<string, string> }) {
  const t = useText();
  if (Object.keys(told).length === 0) return null;
  const parts = told.parts?.split("\n") ?? [];
  return (
    <section className={styles.preview} aria-label={t("intake.preview")}>
      <dl>
        {lines.map(
          (name) =>
            told[name] && (
              <div key={name}>
                <dt>{t(`intake.preview.${name}`)}</dt>
                <dd>{name === "date" ? moment(told[name]) : told[name]}</dd>
              </div>
            ),
        )}
      </dl>
      {told.body && <p className={styles.told}>{told.body}</p>}
      {parts.length > 0 && (
        <ul className={styles.parts} aria-label={t("intake.preview.parts")}>
          {parts.map((part, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two files may have one name
            <li key={at}>
              <Paperclip aria-hidden /> {part}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** The sender's clock may hold anything; what is no moment is shown as it is. */
const moment = (text: string) => (Number.isNaN(Date.parse(text)) ? text : dayAndTime(text));
