import { CloudOff, Lock, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { ApiError, Unreachable } from "../api/client";
import { useText } from "../lib/i18n";
import { Button } from "./Button";
import styles from "./states.module.css";

/** Says what is true when there is nothing to show. */
export function EmptyState({
  title,
  children,
  action,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className={styles.state}>
      <p className={styles.title}>{title}</p>
      {children && <p>{children}</p>}
      {action}
    </div>
  );
}

/** Says what happened, what is safe and what to do next. */
export function ErrorState({
  error,
  onRetry,
  safe,
}: {
  error: unknown;
  onRetry?: () => void;
  safe?: string;
}) {
  const t = useText();
  const denied = error instanceof ApiError && (error.status === 403 || error.status === 404);
  const offline = error instanceof Unreachable;
  const Icon = offline ? CloudOff : denied ? Lock : TriangleAlert;
  return (
    <div className={styles.state} role="alert">
      <Icon aria-hidden />
      <p className={styles.title}>
        {error instanceof Error && error.message ? error.message : t("error.unknown")}
      </p>
      <p>{safe ?? t(offline ? "error.safe.offline" : denied ? "error.safe.denied" : "error.safe.other")}</p>
      {onRetry && !denied && <Button onClick={onRetry}>{t("ui.retry")}</Button>}
    </div>
  );
}

/** The shape of what is coming, quiet to a screen reader apart from one word. */
export function Skeleton({ rows, height = 52 }: { rows: number; height?: number }) {
  const t = useText();
  return (
    <div role="status" className={styles.skeleton}>
      <span className="visually-hidden">{t("ui.loading")}</span>
      {Array.from({ length: rows }, (_, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all alike
        <div key={at} className={styles.bone} style={{ height }} aria-hidden>
          <i style={{ width: `${30 + ((at * 37) % 34)}%` }} />
          {height > 40 && <i style={{ width: `${52 + ((at * 23) % 38)}%` }} />}
        </div>
      ))}
    </div>
  );
}
