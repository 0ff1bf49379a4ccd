import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { keys } from "../../api/keys";
import type { LedgerFate, LedgerItem } from "../../api/types";
import { now } from "../../lib/clock";
import { useText } from "../../lib/i18n";
import { shortMoment } from "../../lib/time";
import { Button } from "../../ui/Button";
import { SelectField } from "../../ui/Field";
import { EmptyState, ErrorState, Skeleton } from "../../ui/states";
import { toast } from "../../ui/toast";
import {
  canDiscard,
  canRetry,
  discardEntry,
  eraseEntry,
  type LedgerChannel,
  ledgerQuery,
  retryEntry,
} from "./api";
import DiscardDialog from "./DiscardDialog";
import EntryDialog from "./EntryDialog";
import EraseDialog from "./EraseDialog";
import styles from "./IntakePage.module.css";
import { reasonInWords } from "./words";

const channels: readonly LedgerChannel[] = ["email", "webform", "phone", "ombudsman"];

interface Props {
  fate: LedgerFate;
  onOpen: (protocol: string) => void;
}

/** The entries of one fate, newest first, and what can be done with one or several. */
export function EntryList({ fate, onOpen }: Props) {
  const t = useText();
  const cache = useQueryClient();
  const [channel, setChannel] = useState<LedgerChannel | "">("");
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const [open, setOpen] = useState<LedgerItem>();
  const [discards, setDiscards] = useState<number[]>();
  const [erased, setErased] = useState<LedgerItem>();
  const [busy, setBusy] = useState(false);
  const list = useInfiniteQuery(ledgerQuery(fate, channel));
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  const actionable = items.filter((item) => canRetry(item) || canDiscard(item));
  const selection = actionable.filter((item) => chosen.has(item.id));

  /** One after the other: what fails is counted and stays where it is. */
  const each = async (ids: number[], act: (id: number) => Promise<unknown>, told: (n: number) => string) => {
    setBusy(true);
    let done = 0;
    let failure: unknown;
    for (const id of ids) {
      try {
        await act(id);
        done++;
      } catch (error) {
        failure = error;
      }
    }
    setBusy(false);
    setChosen(new Set());
    setOpen(undefined);
    if (done > 0) toast(told(done));
    if (failure !== undefined) {
      toast(
        t("intake.some_failed", {
          n: ids.length - done,
          why: failure instanceof Error ? failure.message : String(failure),
        }),
        { urgent: true },
      );
    }
    await cache.invalidateQueries({ queryKey: keys.intake });
  };
  const retry = (ids: number[]) => each(ids, retryEntry, (n) => t("intake.retried", { n }));
  const toggle = (id: number) =>
    setChosen((before) => new Set(before.has(id) ? [...before].filter((x) => x !== id) : [...before, id]));

  return (
    <div className={styles.drawer}>
      <div className={styles.tools}>
        <SelectField<LedgerChannel | "">
          label={t("intake.channel")}
          value={channel}
          onChange={setChannel}
          options={[
            { value: "", name: t("intake.channel.all") },
            ...channels.map((name) => ({ value: name, name: t(`channel.${name}`) })),
          ]}
        />
        {selection.length > 0 && (
          <p className={styles.chosen}>
            <span>{t("intake.chosen", { n: selection.length })}</span>
            <Button busy={busy} onClick={() => void retry(selection.map((item) => item.id))}>
              {t("intake.retry")}
            </Button>
            {selection.every(canDiscard) && (
              <Button busy={busy} onClick={() => setDiscards(selection.map((item) => item.id))}>
                {t("intake.discard")}
              </Button>
            )}
          </p>
        )}
      </div>
      {list.isPending ? (
        <Skeleton rows={6} />
      ) : list.isError && items.length === 0 ? (
        <ErrorState error={list.error} onRetry={() => void list.refetch()} />
      ) : items.length === 0 ? (
        <EmptyState title={t(`intake.empty.${fate}`)} />
      ) : (
        <table className={styles.entries}>
          <caption className="visually-hidden">{t(`ledger.fate.${fate}`)}</caption>
          <thead>
            <tr>
              {actionable.length > 0 && (
                <th scope="col" className={styles.tick}>
                  <input
                    type="checkbox"
                    aria-label={t("intake.choose_all")}
                    checked={selection.length === actionable.length}
                    onChange={(e) => setChosen(new Set(e.target.checked ? actionable.map((i) => i.id) : []))}
                  />
                </th>
              )}
              <th scope="col">{t("intake.what")}</th>
              <th scope="col">{t("intake.why")}</th>
              <th scope="col">{t("intake.channel")}</th>
              <th scope="col">{t("intake.came")}</th>
              <th scope="col">{t("intake.tries")}</th>
            </tr>
          </thead>
          <tbody>
            {items.map((item) => (
              <tr key={item.id}>
                {actionable.length > 0 && (
                  <td>
                    {(canRetry(item) || canDiscard(item)) && (
                      <input
                        type="checkbox"
                        aria-label={t("intake.choose", { id: item.id })}
                        checked={chosen.has(item.id)}
                        onChange={() => toggle(item.id)}
                      />
                    )}
                  </td>
                )}
                <td className={styles.what}>
                  <button type="button" className={styles.open} onClick={() => setOpen(item)}>
                    {item.subject || item.from || t("intake.number", { id: item.id })}
                  </button>
                  <span className={styles.quiet}>{item.subject && item.from}</span>
                </td>
                <td className={styles.why}>
                  {reasonInWords(t, item)}
                  {(item.decided_by || item.protocol) && (
                    <span className={styles.quiet}>
                      {[item.decided_by, item.protocol].filter(Boolean).join(" · ")}
                    </span>
                  )}
                </td>
                <td>{t(`channel.${item.channel as "email"}`)}</td>
                <td>{shortMoment(item.received_at, now())}</td>
                <td className="numeric">{item.attempts + item.failures}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {list.hasNextPage && (
        <Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t("intake.more")}
        </Button>
      )}
      {open && !discards && !erased && (
        <EntryDialog
          item={open}
          busy={busy}
          onClose={() => setOpen(undefined)}
          onRetry={() => void retry([open.id])}
          onDiscard={() => setDiscards([open.id])}
          onErase={() => setErased(open)}
          onOpen={onOpen}
        />
      )}
      {erased && (
        <EraseDialog
          item={erased}
          onClose={() => setErased(undefined)}
          onErase={(reason, altogether) => {
            setErased(undefined);
            void each(
              [erased.id],
              (id) => eraseEntry(id, reason, altogether),
              () => t(altogether ? "intake.erased.all" : "intake.erased"),
            );
          }}
        />
      )}
      {discards && (
        <DiscardDialog
          count={discards.length}
          onClose={() => setDiscards(undefined)}
          onDiscard={(reason) => {
            setDiscards(undefined);
            void each(
              discards,
              (id) => discardEntry(id, reason),
              (n) => t("intake.discarded", { n }),
            );
          }}
        />
      )}
    </div>
  );
}
