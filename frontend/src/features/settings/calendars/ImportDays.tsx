import { useMutation } from "@tanstack/react-query";
import { useId, useState } from "react";
import { type BroughtDays, bringDays, type Calendar } from "../../../api/calendars";
import { useText } from "../../../lib/i18n";
import { Button } from "../../../ui/Button";
import styles from "../settings.module.css";
import own from "./calendars.module.css";
import { shortDay } from "./YearPicture";

interface ImportDaysProps {
  calendar: Calendar;
  onDone: (brought: BroughtDays) => void;
}

/** A town's holidays from a file: first what it would do, then it is done. */
export function ImportDays({ calendar, onDone }: ImportDaysProps) {
  const t = useText();
  const id = useId();
  const [file, setFile] = useState<File>();
  const look = useMutation({ mutationFn: (chosen: File) => bringDays(calendar, chosen, false) });
  const run = useMutation({
    mutationFn: (chosen: File) => bringDays(calendar, chosen, true),
    onSuccess: (brought) => {
      setFile(undefined);
      look.reset();
      onDone(brought);
    },
  });
  const failed = look.error ?? run.error;
  const told = look.data;
  return (
    <div className={own.import}>
      <label htmlFor={id}>{t("calendar.import.file")}</label>
      <input
        id={id}
        type="file"
        accept=".ics,.csv,.txt"
        onChange={(e) => {
          const chosen = e.target.files?.[0];
          e.target.value = "";
          if (!chosen) return;
          setFile(chosen);
          run.reset();
          look.mutate(chosen);
        }}
      />
      <p className={styles.quiet}>{t("calendar.import.hint")}</p>
      {failed && (
        <p role="alert" className={styles.error}>
          {failed.message}
        </p>
      )}
      {file && told && (
        <div aria-live="polite">
          <p>
            <strong>{file.name}</strong>{" "}
            {t("calendar.import.told", {
              adds: told.adds.length,
              replaces: told.replaces.length,
              skips: told.skips.length,
              bad: told.bad.length,
            })}
          </p>
          <ul className={`${own.told} quiet-scroll`}>
            {told.bad.map((b) => (
              <li key={`bad ${b.line}`} className={styles.error}>
                {t("calendar.import.bad", { line: b.line, text: b.text, why: b.why })}
              </li>
            ))}
            {told.adds.map((d) => (
              <li key={`add ${d.day}`}>
                {t("calendar.import.add", { day: shortDay(d.day), name: d.reason })}
              </li>
            ))}
            {told.replaces.map((r) => (
              <li key={`replace ${r.now.day}`}>
                {t("calendar.import.replace", {
                  day: shortDay(r.now.day),
                  was: r.was.reason,
                  name: r.now.reason,
                })}
              </li>
            ))}
            {told.skips.map((s) => (
              <li key={`skip ${s.day}`} className={styles.quiet}>
                {t("calendar.import.skip", { day: shortDay(s.day), name: s.name, why: s.why })}
              </li>
            ))}
          </ul>
          <Button
            look="primary"
            busy={run.isPending}
            disabled={told.adds.length + told.replaces.length === 0}
            onClick={() => run.mutate(file)}
          >
            {t("calendar.import.run", { n: told.adds.length + told.replaces.length })}
          </Button>
        </div>
      )}
    </div>
  );
}
