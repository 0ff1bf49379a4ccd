import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type Incident, linkIncident, openIncidentsQuery } from "../../api/incidents";
import { keys } from "../../api/keys";
import { tellRow } from "../../api/rows";
import type { Call } from "../../api/types";
import { useText } from "../../lib/i18n";
import { toastError } from "../../ui/toast";
import styles from "./call.module.css";

/** What is going wrong now: that the call is about it is one choice, and what to say stands beside it. */
export function Known({ call }: { call: Call }) {
  const t = useText();
  const cache = useQueryClient();
  const open = useQuery(openIncidentsQuery).data ?? [];
  const link = useMutation({
    mutationFn: (incident: number | null) => linkIncident(call.ticket.id, incident),
    onSuccess: tellRow,
    onError: toastError,
    onSettled: () =>
      Promise.all([
        cache.invalidateQueries({ queryKey: keys.call(call.id) }),
        cache.invalidateQueries({ queryKey: keys.incidents }),
      ]),
  });
  const chosen = call.ticket.incident_id;
  if (open.length === 0 || call.ticket.walled) return null;
  const about = open.find((i: Incident) => i.id === chosen);
  return (
    <>
      <select
        className={styles.input}
        aria-label={t("call.incident")}
        disabled={link.isPending}
        value={chosen ?? ""}
        onChange={(e) => link.mutate(e.target.value === "" ? null : Number(e.target.value))}
      >
        <option value="">{t("call.incident.none")}</option>
        {open.map((i) => (
          <option key={i.id} value={i.id}>
            {t("call.incident.of", { title: i.title })}
          </option>
        ))}
      </select>
      {about?.inside && <p className={styles.quiet}>{about.inside}</p>}
    </>
  );
}
