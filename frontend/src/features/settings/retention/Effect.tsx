import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useText } from "../../../lib/i18n";
import { fullDate } from "../../../lib/time";
import { Button } from "../../../ui/Button";
import { ErrorState, Skeleton } from "../../../ui/states";
import styles from "../settings.module.css";
import { type Effect as Outcome, preview, retentionKey, type Terms } from "./api";
import own from "./retention.module.css";

interface EffectProps {
  /** A rule as it would be; without it, the rules as they are. */
  change?: { id: number; rule: Terms };
  act: string;
  /** What happens after the act, as a text. */
  next?: "guarda.effect.daily" | "guarda.effect.now";
  busy: boolean;
  error: Error | null;
  onAct: (seen: string) => void;
  onBack: () => void;
}

/** What would be purged and what stays, before anything takes effect. */
export function Effect({ change, act, next, busy, error, onAct, onBack }: EffectProps) {
  const t = useText();
  const effect = useQuery({
    queryKey: [...retentionKey, "preview", change],
    queryFn: () => preview(change),
    retry: false,
    gcTime: 0,
  });
  if (effect.isPending) return <Skeleton rows={3} />;
  if (effect.isError) {
    return (
      <>
        <ErrorState error={effect.error} onRetry={() => void effect.refetch()} />
        <Button look="quiet" onClick={onBack}>
          {t("guarda.back")}
        </Button>
      </>
    );
  }
  const e = effect.data;
  const besides = (["recordings", "originals", "strays", "imports"] as const).filter((part) => e[part] > 0);
  return (
    <section className={own.effect} aria-labelledby="guarda-efeito">
      <h2 id="guarda-efeito">{t("guarda.effect.title")}</h2>
      <p>
        <strong>{t("guarda.effect.records", { n: e.records })}</strong>
        {e.oldest && `; ${t("guarda.effect.oldest", { date: fullDate(e.oldest) })}`}
      </p>
      {besides.length > 0 && (
        <ul className={own.besides}>
          {besides.map((part) => (
            <li key={part}>{t(`guarda.effect.${part}`, { n: e[part] })}</li>
          ))}
        </ul>
      )}
      <Shown effect={e} fate="goes" n={e.records} />
      <Shown effect={e} fate="held" n={e.held} />
      <Shown effect={e} fate="waiting" n={e.waiting} />
      <p className={own.final}>{t("guarda.effect.final")}</p>
      {next && <p>{t(next)}</p>}
      {error && (
        <p role="alert" className={styles.error}>
          {error.message}
        </p>
      )}
      <div className={own.acts}>
        <Button look="primary" busy={busy} onClick={() => onAct(e.seen)}>
          {act}
        </Button>
        <Button look="quiet" onClick={onBack}>
          {t("guarda.back")}
        </Button>
      </div>
    </section>
  );
}

/** The first records of one fate, by name. */
function Shown({ effect, fate, n }: { effect: Outcome; fate: "goes" | "held" | "waiting"; n: number }) {
  const t = useText();
  const some = effect.shown.filter((one) => one.fate === fate);
  if (some.length === 0) return null;
  return (
    <details className={own.more} open={fate !== "waiting"}>
      <summary>{t(`guarda.fate.${fate}`, { n })}</summary>
      <div className={own.scroll}>
        <table className={own.table}>
          <thead>
            <tr>
              <th scope="col">{t("guarda.shown.protocol")}</th>
              <th scope="col">{t("guarda.shown.ended")}</th>
              <th scope="col">{t("guarda.shown.until")}</th>
              <th scope="col">{t("guarda.shown.rule")}</th>
            </tr>
          </thead>
          <tbody>
            {some.map((one) => (
              <tr key={one.protocol}>
                <td>
                  <Link to="/fila" search={{ t: one.protocol } as never} className="numeric">
                    {one.protocol}
                  </Link>
                </td>
                <td>{fullDate(one.ended_at)}</td>
                <td>{one.until.split("-").reverse().join("/")}</td>
                <td>{one.rule}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {n > some.length && <p className={styles.quiet}>{t("guarda.shown.more", { n: n - some.length })}</p>}
    </details>
  );
}
