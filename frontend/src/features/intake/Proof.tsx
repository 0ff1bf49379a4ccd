import { CircleCheck, TriangleAlert } from "lucide-react";
import type { IntakeSummary } from "../../api/types";
import { useText } from "../../lib/i18n";
import styles from "./IntakePage.module.css";

/** received = accounted + pending, with the numbers, and whether they add up. */
export function Proof({ summary }: { summary: IntakeSummary }) {
  const t = useText();
  const balances = summary.received === summary.accounted + summary.pending;
  return (
    <section className={styles.proof} aria-label={t("intake.proof")}>
      <dl className={styles.equation}>
        <Term name={t("intake.received")} value={summary.received} />
        <span aria-hidden>=</span>
        <Term name={t("intake.accounted")} value={summary.accounted} />
        <span aria-hidden>+</span>
        <Term name={t("intake.pending")} value={summary.pending} />
      </dl>
      <p className={balances ? styles.balances : styles.differs} role={balances ? undefined : "alert"}>
        {balances ? <CircleCheck aria-hidden /> : <TriangleAlert aria-hidden />}
        {t(balances ? "intake.balances" : "intake.differs")}
      </p>
    </section>
  );
}

const Term = ({ name, value }: { name: string; value: number }) => (
  <div>
    <dt>{name}</dt>
    <dd className="numeric">{value.toLocaleString("pt-BR")}</dd>
  </div>
);
