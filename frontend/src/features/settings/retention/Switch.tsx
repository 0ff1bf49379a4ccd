import { useQuery } from "@tanstack/react-query";
import { peopleQuery } from "../../../api/directory";
import type { components } from "../../../api/schema";
import { useText } from "../../../lib/i18n";
import { dayAndTime, fullDate } from "../../../lib/time";
import { Button } from "../../../ui/Button";
import styles from "../settings.module.css";
import { roundsQuery } from "./api";
import own from "./retention.module.css";

interface SwitchProps {
  is: components["schemas"]["RetentionRules"];
  /** Whether the reader may switch it. */
  keeps: boolean;
  busy: boolean;
  error: Error | null;
  onLook: () => void;
  onRun: () => void;
  onOff: () => void;
}

/** Whether anything is purged, since when and by whose word, and what that means. */
export function Switch({ is, keeps, busy, error, onLook, onRun, onOff }: SwitchProps) {
  const t = useText();
  const people = useQuery(peopleQuery).data ?? [];
  const last = (useQuery(roundsQuery).data ?? []).find((r) => r.finished_at);
  const who = people.find((p) => p.id === is.switched_by)?.name;
  return (
    <section className={`${own.switch} ${is.purging ? own.on : ""}`} aria-label={t("guarda.switch")}>
      <p>
        <strong>{t(is.purging ? "guarda.is_on" : "guarda.is_off")}</strong>
        {is.switched_at && who && (
          <span className={own.who}>{t("guarda.since", { who, date: fullDate(is.switched_at) })}</span>
        )}
      </p>
      <p>{t(is.purging ? "guarda.on" : "guarda.off")}</p>
      {is.purging ? (
        last?.finished_at && (
          <p className={own.who}>{t("guarda.last", { at: dayAndTime(last.finished_at) })}</p>
        )
      ) : (
        <p>{t("guarda.off.recordings")}</p>
      )}
      {error && (
        <p role="alert" className={styles.error}>
          {error.message}
        </p>
      )}
      {keeps && (
        <div className={own.acts}>
          {is.purging ? (
            <>
              <Button onClick={onRun}>{t("guarda.run.look")}</Button>
              <Button look="quiet" busy={busy} onClick={onOff}>
                {t("guarda.turn_off")}
              </Button>
            </>
          ) : (
            <Button look="primary" onClick={onLook}>
              {t("guarda.turn_on")}
            </Button>
          )}
        </div>
      )}
    </section>
  );
}
