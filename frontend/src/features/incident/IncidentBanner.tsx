import { useQuery } from "@tanstack/react-query";
import { Siren } from "lucide-react";
import { openIncidentsQuery } from "../../api/incidents";
import { now } from "../../lib/clock";
import { useText } from "../../lib/i18n";
import { shortMoment } from "../../lib/time";
import styles from "./IncidentBanner.module.css";

const shown = 2;

/** Over every screen while something is going wrong: whoever answers must know. */
export default function IncidentBanner({ onOpen }: { onOpen: (id?: number) => void }) {
  const t = useText();
  const open = useQuery(openIncidentsQuery).data ?? [];
  if (open.length === 0) return null;
  return (
    <section className={styles.banner} aria-label={t("incidents.now")}>
      <Siren aria-hidden />
      <ul>
        {open.slice(0, shown).map((incident) => (
          <li key={incident.id}>
            <button type="button" onClick={() => onOpen(incident.id)}>
              {incident.title}
            </button>{" "}
            <span className={styles.quiet}>
              {t("incident.since", { at: shortMoment(incident.started_at, now()) })}
            </span>
            {incident.inside && <span className={styles.inside}>{incident.inside}</span>}
          </li>
        ))}
      </ul>
      {open.length > shown && (
        <button type="button" onClick={() => onOpen()}>
          {t("incidents.others", { n: open.length - shown })}
        </button>
      )}
    </section>
  );
}
