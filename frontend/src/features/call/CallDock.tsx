import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Phone } from "lucide-react";
import { useEffect, useState } from "react";
import { useMe } from "../../api/session";
import type { Call } from "../../api/types";
import { useNow } from "../../lib/clock";
import { useText } from "../../lib/i18n";
import { callQuery, openCall, openCallsQuery } from "./api";
import { CallPanel } from "./CallPanel";
import styles from "./call.module.css";
import { Incoming } from "./Incoming";
import { dropSheet, type Sheet, show, useSheets } from "./sheets";
import { callerName, callTime } from "./words";

interface CallDockProps {
  /** Protocol of the ticket that is open on the desk. */
  ticket: string | undefined;
  onOpen: (protocol: string) => void;
}

/** The telephone over every screen: what rings, the notes that are open, and the one that is written. */
export default function CallDock({ ticket, onOpen }: CallDockProps) {
  const t = useText();
  const { id: account } = useMe();
  const { sheets: all, shown, ringing } = useSheets();
  const sheets = all.filter((sheet) => sheet.account === account);
  useOpenCalls(account);
  if (sheets.length === 0 && ringing.length === 0) return null;
  const current = sheets.find((sheet) => sheet.key === shown);
  return (
    <aside className={styles.dock} aria-label={t("call.dock")}>
      {ringing.map((r) => (
        <Incoming key={`${r.line}/${r.call}`} account={account} {...r} />
      ))}
      {sheets.map((sheet) => (
        <Opened key={sheet.key} sheet={sheet} shown={sheet === current} open={ticket} onOpen={onOpen} />
      ))}
      <ul className={styles.strip}>
        {sheets.map((sheet) => (
          <li key={sheet.key}>
            <Chip sheet={sheet} shown={sheet === current} />
          </li>
        ))}
      </ul>
    </aside>
  );
}

/** Takes in what is open at the server and unknown here: another window, the exchange, a browser that was closed. */
function useOpenCalls(account: number) {
  const cache = useQueryClient();
  const { data: open, isFetching } = useQuery(openCallsQuery);
  // A call whose note is being opened is in the list before the note knows its number.
  const waits = useSheets((s) => s.sheets.some((x) => x.account === account && x.contact === undefined));
  useEffect(() => {
    if (!open || isFetching || waits) return;
    const { sheets } = useSheets.getState();
    const mine = sheets.filter((sheet) => sheet.account === account);
    for (const sheet of mine) {
      if (sheet.contact === undefined || open.some((c) => c.id === sheet.contact)) continue;
      const known = cache.getQueryData(callQuery(sheet.contact).queryKey);
      if (known?.ended_at || !sheet.edited) dropSheet(sheet.key);
    }
    const fresh = open
      .filter((c) => !mine.some((sheet) => sheet.contact === c.id))
      .map(
        (c): Sheet => ({
          key: `call/${c.id}`,
          account,
          contact: c.id,
          startedAt: Date.parse(c.started_at),
          note: c.note,
          said: "",
        }),
      );
    if (fresh.length > 0) useSheets.setState((s) => ({ sheets: [...s.sheets, ...fresh] }));
  }, [open, isFetching, waits, account, cache]);
}

/** One note: it opens its call as soon as it is there, shown or not. */
function Opened({
  sheet,
  shown,
  open,
  onOpen,
}: {
  sheet: Sheet;
  shown: boolean;
  open: string | undefined;
  onOpen: (protocol: string) => void;
}) {
  const cache = useQueryClient();
  const [failed, setFailed] = useState<string>();
  const [round, setRound] = useState(0);
  const { key, contact } = sheet;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once a note, and again when somebody asks
  useEffect(() => {
    if (contact !== undefined) return;
    setFailed(undefined);
    openOnce(key, () => openCall(cache, sheet)).then(
      () => undefined,
      (error) => setFailed(error instanceof Error ? error.message : String(error)),
    );
  }, [key, contact, round]);
  if (!shown) return null;
  return (
    <CallPanel
      key={key}
      sheet={sheet}
      failed={failed}
      onRetry={() => setRound(round + 1)}
      open={open}
      onOpen={onOpen}
    />
  );
}

const opening = new Map<string, Promise<Call>>();

/** The same note is not opened twice at the same time, however often its screen begins. */
function openOnce(key: string, open: () => Promise<Call>): Promise<Call> {
  const running = opening.get(key) ?? open().finally(() => opening.delete(key));
  opening.set(key, running);
  return running;
}

function Chip({ sheet, shown }: { sheet: Sheet; shown: boolean }) {
  const t = useText();
  const call = useQuery({ ...callQuery(sheet.contact ?? 0), enabled: sheet.contact !== undefined }).data;
  const time = callTime(useNow() - (call ? Date.parse(call.started_at) : sheet.startedAt));
  return (
    <button
      type="button"
      className={styles.chip}
      aria-expanded={shown}
      onClick={() => show(shown ? undefined : sheet.key)}
    >
      <Phone aria-hidden />
      <span>{call ? callerName(t, call) : t("call.opening")}</span>
      <span className="numeric">{time}</span>
    </button>
  );
}
