import type { Incident } from "../../api/incidents";
import { now } from "../../lib/clock";
import { useText } from "../../lib/i18n";
import { shortMoment } from "../../lib/time";
import { Dialog } from "../../ui/Dialog";
import styles from "./IncidentStrip.module.css";

interface Props {
  incidents: readonly Incident[];
  onClose: () => void;
  onChoose: (incident: Incident) => void;
}

/** The open incidents, to say which one a ticket is about. */
export function IncidentDialog({ incidents, onClose, onChoose }: Props) {
  const t = useText();
  return (
    <Dialog open onClose={onClose} title={t("incident.link")}>
      <ul className={styles.choices}>
        {incidents.map((incident) => (
          <li key={incident.id}>
            <button type="button" onClick={() => onChoose(incident)}>
              <strong>{incident.title}</strong>
              <span className={styles.quiet}>
                {t("incident.since", { at: shortMoment(incident.started_at, now()) })}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
