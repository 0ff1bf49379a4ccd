import { useLink } from "../api/link";
import { useNow } from "../lib/clock";
import { useText } from "../lib/i18n";
import styles from "./LinkNotice.module.css";

const patience = 8000;

/** How true the screen is at this moment. */
export function LinkNotice() {
  const t = useText();
  const { state, lostAt } = useLink();
  const behind = useNow() - (lostAt ?? Number.POSITIVE_INFINITY);
  const stale = state !== "live" && behind > patience;
  const look = state === "live" ? "live" : stale ? "stale" : "retrying";
  return (
    <p className={`${styles.notice} ${styles[look]}`} aria-live="polite">
      <i aria-hidden />
      <span className="visually-hidden">{t(`link.${look}.spoken`)}</span>
      <span aria-hidden className="numeric">
        {look === "stale" ? t("link.stale", { n: Math.floor(behind / 1000) }) : t(`link.${look}`)}
      </span>
    </p>
  );
}
