import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { CallBack } from "../../api/types";
import { useText } from "../../lib/i18n";
import { SelectField } from "../../ui/Field";
import { EmptyState, ErrorState, Skeleton } from "../../ui/states";
import { Tabs } from "../../ui/Tabs";
import { callBacksQuery } from "./api";
import { CallBackItem } from "./CallBackItem";
import styles from "./callbacks.module.css";

const states = ["open", "done", "cancelled"] as const satisfies CallBack["state"][];
type Whose = "mine" | "team";

/** Whom we owe a call: the most urgent first, mine or all that I may see. */
export function CallBacksPage({ onOpen }: { onOpen: (protocol: string) => void }) {
  const t = useText();
  const [whose, setWhose] = useState<Whose>("mine");
  const [state, setState] = useState<CallBack["state"]>("open");
  const owed = useQuery(callBacksQuery(whose === "mine", state));
  return (
    <div className={`${styles.page} quiet-scroll`}>
      <h1>{t("callbacks.title")}</h1>
      <p className={styles.quiet}>{t("callbacks.hint")}</p>
      <Tabs<Whose>
        label={t("callbacks.title")}
        value={whose}
        onChange={setWhose}
        tabs={[
          { value: "mine", name: t("callbacks.mine") },
          { value: "team", name: t("callbacks.team") },
        ]}
        aside={
          <div className={styles.filter}>
            <SelectField
              label={t("callbacks.state")}
              value={state}
              options={states.map((value) => ({ value, name: t(`callbacks.state.${value}`) }))}
              onChange={setState}
            />
          </div>
        }
      >
        {owed.isPending ? (
          <Skeleton rows={4} height={72} />
        ) : owed.isError && !owed.data ? (
          <ErrorState error={owed.error} onRetry={() => void owed.refetch()} />
        ) : owed.data.length === 0 ? (
          <EmptyState title={t(`callbacks.none.${state}`)}>{t("callbacks.none.hint")}</EmptyState>
        ) : (
          <ul className={styles.list}>
            {owed.data.map((b) => (
              <CallBackItem key={b.id} owed={b} onOpen={onOpen} />
            ))}
          </ul>
        )}
      </Tabs>
    </div>
  );
}
