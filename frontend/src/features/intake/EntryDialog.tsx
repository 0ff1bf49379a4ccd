import { useQuery } from "@tanstack/react-query";
import { Download, Eraser, RotateCcw, Trash2 } from "lucide-react";
import { may, useMe } from "../../api/session";
import type { LedgerItem } from "../../api/types";
import { useText } from "../../lib/i18n";
import { dayAndTime } from "../../lib/time";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { ErrorState, Skeleton } from "../../ui/states";
import { canDiscard, canErase, canRetry, entryQuery, sourceTextQuery, sourceURL } from "./api";
import styles from "./IntakePage.module.css";
import { Preview } from "./Preview";
import { reasonInWords } from "./words";

interface Props {
  item: LedgerItem;
  busy: boolean;
  onClose: () => void;
  onRetry: () => void;
  onDiscard: () => void;
  onErase: () => void;
  onOpen: (protocol: string) => void;
}

/** One entry: why it is here, what can be told of it, and its bytes as they came. */
export default function EntryDialog({ item, busy, onClose, onRetry, onDiscard, onErase, onOpen }: Props) {
  const t = useText();
  const { data } = useQuery(entryQuery(item.id));
  const source = useQuery({ ...sourceTextQuery(item.id), enabled: !item.purged });
  const me = useMe();
  return (
    <Dialog open wide onClose={onClose} title={t("intake.number", { id: item.id })}>
      <div className={styles.detail}>
        <p className={styles.reason}>{reasonInWords(t, item)}</p>
        <dl className={styles.facts}>
          <Fact name={t("intake.fate")} value={t(`ledger.fate.${item.fate}`)} />
          <Fact name={t("intake.channel")} value={t(`channel.${item.channel as "email"}`)} />
          <Fact name={t("intake.came")} value={dayAndTime(item.received_at)} />
          {item.next_try && <Fact name={t("intake.next_try")} value={dayAndTime(item.next_try)} />}
          {item.decided_by && (
            <Fact
              name={t("intake.decided")}
              value={`${item.decided_by}${item.fated_at ? `, ${dayAndTime(item.fated_at)}` : ""}`}
            />
          )}
        </dl>
        {data && <Preview told={data.preview} />}
        <div className={styles.actions}>
          {canRetry(item) && (
            <Button look="primary" icon={<RotateCcw aria-hidden />} busy={busy} onClick={onRetry}>
              {t("intake.retry")}
            </Button>
          )}
          {canDiscard(item) && (
            <Button icon={<Trash2 aria-hidden />} busy={busy} onClick={onDiscard}>
              {t("intake.discard")}
            </Button>
          )}
          {canErase(item) && may(me, "intake.erase") && (
            <Button icon={<Eraser aria-hidden />} busy={busy} onClick={onErase}>
              {t("intake.erase.open")}
            </Button>
          )}
          {item.protocol && <Button onClick={() => onOpen(item.protocol)}>{t("intake.open_ticket")}</Button>}
          {!item.purged && (
            <a className={styles.download} href={sourceURL(item.id)} download>
              <Download aria-hidden /> {t("intake.download")}
            </a>
          )}
        </div>
        <h3>{t("intake.source")}</h3>
        {item.purged ? (
          <p className={styles.quiet}>{t("intake.purged")}</p>
        ) : source.isPending ? (
          <Skeleton rows={4} height={18} />
        ) : source.isError ? (
          <ErrorState error={source.error} onRetry={() => void source.refetch()} />
        ) : (
          <>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
            <section className={styles.source} tabIndex={0} aria-label={t("intake.source")}>
              <pre>{source.data.text}</pre>
            </section>
            {source.data.cut && <p className={styles.quiet}>{t("intake.source.cut")}</p>}
          </>
        )}
      </div>
    </Dialog>
  );
}

const Fact = ({ name, value }: { name: string; value: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);
