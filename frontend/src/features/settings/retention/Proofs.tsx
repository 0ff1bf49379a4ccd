import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useText } from "../../../lib/i18n";
import { dayAndTime } from "../../../lib/time";
import { Button } from "../../../ui/Button";
import { ErrorState, Skeleton } from "../../../ui/states";
import styles from "../settings.module.css";
import { downloadProofs, type Removal, reportQuery, rulesQuery } from "./api";
import own from "./retention.module.css";

/** As many proofs as a screen reads; the file has them all. */
const most = 200;

/** What a round removed, by which rule, with the proof of each. */
export function Proofs({ round, onBack }: { round: number; onBack: () => void }) {
  const t = useText();
  const report = useQuery(reportQuery(round));
  const rules = useQuery(rulesQuery).data?.items ?? [];
  if (report.isPending) return <Skeleton rows={4} />;
  if (report.isError) return <ErrorState error={report.error} onRetry={() => void report.refetch()} />;
  const proofs = report.data.proofs;
  const named = (key: string | undefined) => rules.find((r) => r.key === key)?.name ?? key ?? "";
  return (
    <section className={own.effect} aria-labelledby="guarda-provas">
      <h2 id="guarda-provas">{t("guarda.proofs.title", { at: dayAndTime(report.data.begun_at) })}</h2>
      <p>{t("guarda.proofs.hint")}</p>
      <div className={own.acts}>
        <Button look="primary" onClick={() => downloadProofs(round, report.data)}>
          <Download size={16} aria-hidden="true" />
          {t("guarda.runs.download")}
        </Button>
        <Button look="quiet" onClick={onBack}>
          {t("guarda.back")}
        </Button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className={own.scroll} tabIndex={0} aria-label={t("guarda.proofs.list")}>
        <table className={own.table}>
          <thead>
            <tr>
              <th scope="col">{t("guarda.proofs.what")}</th>
              <th scope="col">{t("guarda.shown.until")}</th>
              <th scope="col">{t("guarda.shown.rule")}</th>
              <th scope="col">{t("guarda.proofs.rows")}</th>
              <th scope="col">{t("guarda.proofs.hash")}</th>
            </tr>
          </thead>
          <tbody>
            {proofs.slice(0, most).map((p) => {
              const is = JSON.parse(p.content) as Removal;
              return (
                <tr key={p.hash}>
                  <td>
                    {t(`guarda.subject.${is.subject}`)}
                    {is.protocols?.map((protocol) => (
                      <div key={protocol} className="numeric">
                        {protocol}
                      </div>
                    ))}
                  </td>
                  <td>{is.kept.split("-").reverse().join("/")}</td>
                  <td>{named(is.rules[0]?.rule)}</td>
                  <td className="numeric">{Object.values(is.rows).reduce((sum, n) => sum + n, 0)}</td>
                  <td className={own.hash}>{p.hash.slice(0, 16)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </section>
      {proofs.length > most && (
        <p className={styles.quiet}>{t("guarda.proofs.more", { n: proofs.length - most })}</p>
      )}
    </section>
  );
}
