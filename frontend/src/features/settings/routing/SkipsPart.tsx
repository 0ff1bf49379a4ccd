import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useText } from "../../../lib/i18n";
import { clockTime } from "../../../lib/time";
import { EmptyState, ErrorState, Skeleton } from "../../../ui/states";
import { skipsQuery } from "./api";
import own from "./routing.module.css";

/** Who gave back today what they were served, and why. */
export function SkipsPart() {
  const t = useText();
  const skips = useQuery(skipsQuery);
  if (skips.isPending) return <Skeleton rows={3} />;
  if (skips.isError) return <ErrorState error={skips.error} onRetry={() => void skips.refetch()} />;
  if (skips.data.length === 0) return <EmptyState title={t("roster.skips.none")} />;
  const often = new Map<string, number>();
  for (const { account } of skips.data) often.set(account, (often.get(account) ?? 0) + 1);
  return (
    <>
      <p className={own.lead}>
        {[...often]
          .sort(([, a], [, b]) => b - a)
          .map(([name, n]) => t("roster.skips.of", { name, n }))
          .join(" · ")}
      </p>
      <table className={own.skips}>
        <thead>
          <tr>
            <th scope="col">{t("roster.skips.at")}</th>
            <th scope="col">{t("roster.skips.who")}</th>
            <th scope="col">{t("roster.skips.what")}</th>
            <th scope="col">{t("roster.skips.why")}</th>
          </tr>
        </thead>
        <tbody>
          {skips.data.map((s) => (
            <tr key={`${s.at} ${s.account_id} ${s.ticket_id}`}>
              <td className="numeric">{clockTime(s.at)}</td>
              <td>{s.account}</td>
              <td>
                <Link to="/fila" search={{ view: "all", t: s.protocol }}>
                  {s.subject}
                </Link>
              </td>
              <td>
                {t(`skip.${s.reason}`)}
                {s.word && <q>{s.word}</q>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
