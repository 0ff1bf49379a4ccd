import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Minus, Phone } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import type { Call } from "../../api/types";
import { useNow } from "../../lib/clock";
import { useText } from "../../lib/i18n";
import { Button, IconButton } from "../../ui/Button";
import { About } from "./About";
import { callQuery, changeCall } from "./api";
import { Caller } from "./Caller";
import styles from "./call.module.css";
import { Endings } from "./Endings";
import { Known } from "./Known";
import { Matter } from "./Matter";
import { MoreParts } from "./MoreParts";
import { Protocol } from "./Protocol";
import { type Sheet, show, useSheets, writeSheet } from "./sheets";
import { callTime } from "./words";

const keepAfter = 900;

interface CallPanelProps {
  sheet: Sheet;
  /** Why the call could not be opened yet; nothing of the text is lost. */
  failed: string | undefined;
  onRetry: () => void;
  open: string | undefined;
  onOpen: (protocol: string) => void;
}

/** The note of a call, over whatever is there: its number first, then what is said. */
export function CallPanel({ sheet, failed, onRetry, open, onOpen }: CallPanelProps) {
  const t = useText();
  const call = useQuery({ ...callQuery(sheet.contact ?? 0), enabled: sheet.contact !== undefined }).data;
  const before = useRef<Element | null>(null);
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!panel.current?.contains(document.activeElement)) before.current = document.activeElement;
    panel.current?.querySelector("textarea")?.focus();
    return () => {
      if (before.current instanceof HTMLElement) before.current.focus();
    };
  }, []);
  const seconds = useNow() - (call ? Date.parse(call.started_at) : sheet.startedAt);
  return (
    <section
      ref={panel}
      className={styles.panel}
      role="dialog"
      aria-label={t("call.panel")}
      onKeyDown={(e) => {
        if (e.key !== "Escape" || e.defaultPrevented) return;
        e.preventDefault();
        show(undefined);
      }}
    >
      <header className={styles.head}>
        <Phone aria-hidden />
        <h2>{t(call?.direction === "out" ? "call.title.out" : "call.title.in")}</h2>
        <span className={`${styles.timer} numeric`} role="timer" aria-label={t("call.timer")}>
          {callTime(seconds)}
        </span>
        <IconButton label={t("call.minimise")} icon={<Minus />} onClick={() => show(undefined)} />
      </header>
      <div className={`${styles.body} quiet-scroll`}>
        {call ? (
          <Protocol value={call.protocol} />
        ) : failed ? (
          <div role="alert" className={styles.error}>
            <p>{failed}</p>
            <p className={styles.actions}>
              {t("call.opening.safe")} <Button onClick={onRetry}>{t("ui.retry")}</Button>
            </p>
          </div>
        ) : (
          <p className={styles.protocol} role="status">
            {t("call.opening")}
          </p>
        )}
        <NoteField sheet={sheet} call={call} />
        {call && (
          <>
            <Part title={t("call.part.caller")}>
              <Caller call={call} />
            </Part>
            <Part title={t("call.part.about")}>
              <About call={call} open={open} onOpen={onOpen} />
            </Part>
            <Part title={t("call.part.matter")}>
              <Matter call={call} />
              <Known call={call} />
            </Part>
            <MoreParts call={call} />
          </>
        )}
      </div>
      {call && (
        <footer className={styles.foot}>
          <Endings call={call} sheet={sheet} />
        </footer>
      )}
    </section>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={styles.part}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

const noteOf = (key: string) => useSheets.getState().sheets.find((s) => s.key === key)?.note;

/** What is said. Kept in the browser with every key, and at the server a moment after the last one. */
function NoteField({ sheet, call }: { sheet: Sheet; call: Call | undefined }) {
  const t = useText();
  const cache = useQueryClient();
  const [state, setState] = useState<"kept" | "keeping" | "failed">("kept");
  const { key, contact, note, edited } = sheet;
  const kept = call?.note;
  useEffect(() => {
    if (contact === undefined || kept === undefined) return;
    if (!edited) {
      if (kept !== note) writeSheet(key, { note: kept });
      return;
    }
    const written = () => {
      setState("kept");
      if (noteOf(key) === note) writeSheet(key, { edited: false });
    };
    if (kept === note) return written();
    setState("keeping");
    const soon = setTimeout(() => {
      changeCall(cache, contact, { note }).then(written, () => setState("failed"));
    }, keepAfter);
    return () => clearTimeout(soon);
  }, [cache, key, contact, note, edited, kept]);
  return (
    <label className={styles.labelled}>
      <span className={styles.noteHead}>
        {t("call.note")}
        <span className={styles.quiet} aria-live="polite">
          {note !== "" && t(`call.note.${contact === undefined ? "keeping" : state}`)}
        </span>
      </span>
      <textarea
        className={styles.text}
        rows={4}
        maxLength={20_000}
        placeholder={t("call.note.hint")}
        value={note}
        onChange={(e) => writeSheet(key, { note: e.target.value, edited: true })}
      />
    </label>
  );
}
