import { Copy, Volume2 } from "lucide-react";
import { useState } from "react";
import { copyText } from "../../lib/clipboard";
import { useText } from "../../lib/i18n";
import { IconButton } from "../../ui/Button";
import { toast } from "../../ui/toast";
import styles from "./call.module.css";
import { groups, spelled } from "./words";

/** The number that is read aloud, in the first second: large, in groups, and as words for whoever wants them. */
export function Protocol({ value }: { value: string }) {
  const t = useText();
  const [words, setWords] = useState(false);
  const copy = async () => {
    if (await copyText(value)) toast(t("call.protocol.copied", { protocol: value }));
  };
  return (
    <div className={styles.protocol}>
      <p className={styles.quiet}>{t("call.protocol")}</p>
      <div>
        <strong className="numeric">
          {groups(value).map((group, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the groups never move
            <span key={at}>{group} </span>
          ))}
        </strong>
        <IconButton label={t("call.protocol.copy")} icon={<Copy />} onClick={() => void copy()} />
        <IconButton
          label={t("call.protocol.spell")}
          icon={<Volume2 />}
          aria-pressed={words}
          onClick={() => setWords(!words)}
        />
      </div>
      {words && <p className={styles.spelled}>{spelled(t, value)}</p>}
    </div>
  );
}
