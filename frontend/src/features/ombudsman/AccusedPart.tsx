import { useState } from "react";
import { api, unwrap } from "../../api/client";
import { useText } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { toast, toastError } from "../../ui/toast";
import { type Case, useAct } from "./api";
import styles from "./cases.module.css";
import { type Parties, PartyPicker } from "./PartyPicker";

/** Whom the case accuses: from the moment it is saved they see nothing of it. */
export function AccusedPart({ c }: { c: Case }) {
  const t = useText();
  const kept: Parties = {
    accounts: c.accused_accounts.map((p) => p.id),
    teams: c.accused_teams.map((p) => p.id),
  };
  const [changed, setChanged] = useState<Parties>();
  const ref = c.ticket.protocol;
  const save = useAct(ref, (parties: Parties) =>
    unwrap(
      api.POST("/api/ombudsman/cases/{case}/accused", { params: { path: { case: ref } }, body: parties }),
    ),
  );
  return (
    <section className={styles.part} aria-labelledby="accused">
      <h2 id="accused">{t("cases.accused.title")}</h2>
      <p className={styles.quiet}>{t("cases.accused.hint")}</p>
      <PartyPicker value={changed ?? kept} onChange={setChanged} />
      {changed && (
        <div className={styles.buttons}>
          <Button
            look="primary"
            busy={save.isPending}
            onClick={() =>
              save.mutate(changed, {
                onError: toastError,
                onSuccess: () => {
                  setChanged(undefined);
                  toast(t("cases.accused.saved"));
                },
              })
            }
          >
            {t("cases.accused.save")}
          </Button>
          <Button onClick={() => setChanged(undefined)}>{t("cases.accused.undo")}</Button>
        </div>
      )}
    </section>
  );
}
