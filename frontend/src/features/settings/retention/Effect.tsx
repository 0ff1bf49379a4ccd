import { useQuery } from "@tanstack/react-query";
import { useText } from "../../../lib/i18n";
import { fullDate } from "../../../lib/time";
import { Button } from "../../../ui/Button";
import { ErrorState, Skeleton } from "../../../ui/states";
import styles from "../settings.module.css";
import { preview, retentionKey, type Terms } from "./api";
import own from "./retention.module.css";

interface EffectProps {
  /** A rule as it would be; without it, the rules as they are. */
  change?: { id: number; rule: Terms };
  act: string;
  busy: boolean;
  error: Error | null;
  onAct: (seen: string) => void;
  onBack: () => void;
}

/** What would be purged, before anything takes effect. */
export function Effect({ change, act, busy, error, onAct, onBack }: EffectProps) {
  const t = useText();
  const effect = useQuery({
    queryKey: [...retentionKey, "preview", change],
    queryFn: () => preview(change),
    retry: false,
    gcTime: 0,
  });
  if (effect.isPending) return <Skeleton rows={3} />;
  if (effect.isError) return <ErrorState error={effect.error} onRetry={() => void effect.refetch()} />;
  const e = effect.data;
  const besides = (["recordings", "originals", "strays"] as const).filter((part) => e[part] > 0);
  const stay = (["held", "waiting"] as const).filter((part) => e[part] > 0);
  return (
    <section className={own.effect} aria-labelledby="guarda-efeito">
      <h2 id="guarda-efeito">{t("guarda.effect.title")}</h2>
      <p>
        <strong>{t("guarda.effect.records", { n: e.records })}</strong>
        {e.oldest && `; ${t("guarda.effect.oldest", { date: fullDate(e.oldest) })}`}
      </p>
      {besides.length > 0 && (
        <p>{besides.map((part) => t(`guarda.effect.${part}`, { n: e[part] })).join(" · ")}</p>
      )}
      {stay.length > 0 && (
        <p className={styles.quiet}>
          {stay.map((part) => t(`guarda.effect.${part}`, { n: e[part] })).join(" · ")}
        </p>
      )}
      <p className={styles.quiet}>{t("guarda.effect.final")}</p>
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
