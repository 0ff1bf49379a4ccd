import { useQuery } from "@tanstack/react-query";
import { BellOff, Unplug } from "lucide-react";
import type { SourceHealth } from "../../api/types";
import { now } from "../../lib/clock";
import { useText } from "../../lib/i18n";
import { shortMoment } from "../../lib/time";
import { sourcesQuery } from "./api";
import styles from "./IntakePage.module.css";
import { failureInWords } from "./words";

/** The sources that fail or have gone quiet. Nothing is shown while all do well. */
export function SourceAlarms() {
  const t = useText();
  const { data, isError } = useQuery(sourcesQuery);
  const alarms = data?.items.filter((source) => source.failure !== "" || source.quiet) ?? [];
  if (isError) return <p className={styles.alarm}>{t("source.unknown")}</p>;
  if (alarms.length === 0) return null;
  return (
    <ul className={styles.alarms} aria-label={t("source.alarms")}>
      {alarms.map((source) => (
        <Alarm key={`${source.channel} ${source.name}`} source={source} />
      ))}
    </ul>
  );
}

function Alarm({ source }: { source: SourceHealth }) {
  const t = useText();
  const failing = source.failure !== "";
  const moment = failing ? source.last_failure : source.last_arrival;
  const at = moment ? shortMoment(moment, now()) : "";
  const Icon = failing ? Unplug : BellOff;
  return (
    <li className={failing ? styles.failing : styles.alarm}>
      <Icon aria-hidden />
      <strong>
        {t(`channel.${source.channel as "email"}`)}
        {source.name && ` · ${source.name}`}
      </strong>
      <span>
        {failing
          ? `${failureInWords(t, source.failure)} ${t("source.failing.since", { at })}`
          : moment
            ? t("source.quiet", { at, hours: source.quiet_after })
            : t("source.quiet.never", { hours: source.quiet_after })}
      </span>
    </li>
  );
}
