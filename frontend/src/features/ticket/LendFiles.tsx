import { useQuery } from "@tanstack/react-query";
import type { TicketRow } from "../../api/types";
import { fileSize } from "../../lib/fileSize";
import { useText } from "../../lib/i18n";
import { CheckField } from "../../ui/Field";
import { timelineQuery } from "./api";
import styles from "./LendFiles.module.css";

export interface Lent {
  /** Addresses of the files that go with the request. */
  files: readonly string[];
  /** Somebody has seen that none of them shows who the customer is. */
  looked: boolean;
}

interface LendFilesProps {
  row: TicketRow;
  hidden: boolean;
  lent: Lent;
  problem?: string;
  onChange: (lent: Lent) => void;
}

const most = 10;

/** Files of what was said in a ticket, to be chosen for an area. */
export function LendFiles({ row, hidden, lent, problem, onChange }: LendFilesProps) {
  const t = useText();
  const entries = useQuery(timelineQuery(row.id)).data?.items ?? [];
  const files = entries.flatMap(({ message }) =>
    message && message.delivery !== "undone" ? message.files : [],
  );
  if (files.length === 0) return null;
  const toggle = (url: string) =>
    onChange({
      looked: false,
      files: lent.files.includes(url) ? lent.files.filter((f) => f !== url) : [...lent.files, url],
    });
  return (
    <fieldset className={styles.files}>
      <legend>{t("area.lend")}</legend>
      <ul>
        {files.map((file) => {
          const chosen = lent.files.includes(file.url);
          return (
            <li key={file.url}>
              <label>
                <input
                  type="checkbox"
                  checked={chosen}
                  disabled={!chosen && lent.files.length >= most}
                  onChange={() => toggle(file.url)}
                />
                <span>{file.name}</span>
              </label>
              <a href={file.url} download={file.name}>
                {t("area.lend.open", { size: fileSize(t, file.size) })}
                <span className="visually-hidden"> {file.name}</span>
              </a>
            </li>
          );
        })}
      </ul>
      {hidden && lent.files.length > 0 && (
        <CheckField
          label={t("area.lend.looked")}
          hint={t("area.lend.hidden")}
          checked={lent.looked}
          onChange={(looked) => onChange({ ...lent, looked })}
        />
      )}
      {problem && (
        <p role="alert" className={styles.problem}>
          {problem}
        </p>
      )}
    </fieldset>
  );
}
