import { useText } from "../../lib/i18n";
import styles from "./AreaStrip.module.css";
import { showRequest } from "./shownRequest";

/** Leads from the line of time to what an area answered, which stands with its request. */
export default function AreaSaid({ request }: { request: string }) {
  const t = useText();
  return (
    <button type="button" className={styles.lead} onClick={() => showRequest(request)}>
      {t("area.read")}
    </button>
  );
}
