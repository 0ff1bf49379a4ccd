import { useQuery } from "@tanstack/react-query";
import { OctagonPause } from "lucide-react";
import { useState } from "react";
import { may, useMe } from "../../api/session";
import { useText } from "../../lib/i18n";
import { dayAndTime } from "../../lib/time";
import { Button } from "../../ui/Button";
import { outgoingQuery } from "./api";
import styles from "./HeldBanner.module.css";
import { ReleaseDialog } from "./ReleaseDialog";

/** Over every screen while nothing goes out to customers: whoever answers must know. */
export default function HeldBanner() {
  const t = useText();
  const me = useMe();
  const [asking, setAsking] = useState(false);
  const outgoing = useQuery(outgoingQuery).data;
  if (!outgoing?.held) return null;
  const releases = may(me, "desk.manage");
  return (
    <section className={styles.banner} aria-label={t("held.title")}>
      <OctagonPause aria-hidden />
      <p>
        <strong>{t("held.title")}</strong>{" "}
        {t(releases ? "held.text.admin" : "held.text", { at: dayAndTime(outgoing.held.at) })}
      </p>
      {releases && <Button onClick={() => setAsking(true)}>{t("held.release")}</Button>}
      {asking && <ReleaseDialog outgoing={outgoing} onClose={() => setAsking(false)} />}
    </section>
  );
}
