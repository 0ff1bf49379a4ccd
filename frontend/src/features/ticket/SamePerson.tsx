import { useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import type { CustomerSuggestion } from "../../api/types";
import { arrives } from "../../lib/arrives";
import { useText } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { toast, toastError } from "../../ui/toast";
import { keepApart, mergeCustomers, suggestionsQuery, undoMerge } from "./customers";
import styles from "./SamePerson.module.css";

const JoinDialog = lazy(() => arrives(() => import("./JoinDialog")));

/** Records that may be the same person: a hint beside the customer, for somebody to decide. */
export function SamePerson({ customerId }: { customerId: number }) {
  const t = useText();
  const cache = useQueryClient();
  const { data: suggestions = [] } = useQuery(suggestionsQuery(customerId));
  const [joining, setJoining] = useState<CustomerSuggestion>();
  if (suggestions.length === 0) return null;

  const refresh = () => void cache.invalidateQueries();
  const apart = async (other: CustomerSuggestion) => {
    try {
      await keepApart(customerId, other.id);
      refresh();
    } catch (error) {
      toastError(error);
    }
  };
  const join = async (other: CustomerSuggestion, reason: string) => {
    try {
      const { merge_id } = await mergeCustomers(customerId, other.id, reason);
      refresh();
      const undo = () => undoMerge(merge_id).then(refresh, toastError);
      toast(t("same.joined", { name: other.name }), { action: { name: t("ui.undo"), run: undo } });
    } catch (error) {
      toastError(error);
    }
  };
  return (
    <section className={styles.box} aria-label={t("same.title")}>
      <h3>{t("same.title")}</h3>
      <ul>
        {suggestions.map((s) => (
          <li key={s.id}>
            <strong>{s.name}</strong>
            <span>
              {t(`same.why.${s.why}`)} <span className="numeric">{s.shared.value_masked}</span>
            </span>
            <div className={styles.actions}>
              <Button onClick={() => setJoining(s)}>{t("same.join")}</Button>
              <Button look="quiet" onClick={() => apart(s)}>
                {t("same.apart")}
              </Button>
            </div>
          </li>
        ))}
      </ul>
      {joining && (
        <Suspense>
          <JoinDialog
            name={joining.name}
            onClose={() => setJoining(undefined)}
            onJoin={(r) => join(joining, r)}
          />
        </Suspense>
      )}
    </section>
  );
}
