import { useQueryClient } from "@tanstack/react-query";
import { CheckCheck, PhoneForwarded, PhoneOff } from "lucide-react";
import { type FormEvent, useState } from "react";
import { keys } from "../../api/keys";
import type { Call, CallChange } from "../../api/types";
import { now } from "../../lib/clock";
import { useText } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { toast } from "../../ui/toast";
import { changeCall } from "./api";
import styles from "./call.module.css";
import { focusNow } from "./focusNow";
import { dropSheet, type Sheet, writeSheet } from "./sheets";
import { fromTheWall, onTheWall } from "./words";

type Outcome = NonNullable<CallChange["outcome"]>;
const others = ["forwarded", "informational", "wrong_number", "silent"] as const satisfies Outcome[];

/** How the call ended. The three that are asked for all day are large. */
export function Endings({ call, sheet }: { call: Call; sheet: Sheet }) {
  const t = useText();
  const cache = useQueryClient();
  const [asking, setAsking] = useState<"solved" | "call_back">();
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);

  const end = async (outcome: Outcome, more: CallChange = {}) => {
    setBusy(true);
    setError(undefined);
    try {
      await changeCall(cache, call.id, {
        ...more,
        outcome,
        note: sheet.edited ? sheet.note : undefined,
        ended: true,
      });
      toast(t(`call.ended.${outcome}`, { protocol: call.protocol }));
      dropSheet(sheet.key);
      void cache.invalidateQueries({ queryKey: keys.calls });
    } catch (failed) {
      setBusy(false);
      setError(failed instanceof Error ? failed.message : String(failed));
    }
  };

  return (
    <>
      {error && (
        <p role="alert" className={styles.error}>
          {error}
        </p>
      )}
      {asking === "solved" && (
        <form
          className={styles.form}
          onSubmit={(e) => {
            e.preventDefault();
            void end("solved", { said: sheet.said });
          }}
        >
          <label className={styles.labelled}>
            {t("call.said")}
            <textarea
              className={styles.text}
              rows={3}
              maxLength={50_000}
              value={sheet.said}
              onChange={(e) => writeSheet(sheet.key, { said: e.target.value })}
              required
              ref={focusNow}
            />
          </label>
          <p className={styles.quiet}>{t("call.said.hint")}</p>
          <p className={styles.actions}>
            <Button look="primary" type="submit" busy={busy}>
              {t("call.end")}
            </Button>
            <Button look="quiet" onClick={() => setAsking(undefined)}>
              {t("call.cancel")}
            </Button>
          </p>
        </form>
      )}
      {asking === "call_back" && (
        <Window
          busy={busy}
          onCancel={() => setAsking(undefined)}
          onChosen={(call_back) => void end("call_back", { call_back })}
        />
      )}
      {asking === undefined && (
        <>
          <div className={styles.endings}>
            <Button look="primary" icon={<CheckCheck aria-hidden />} onClick={() => setAsking("solved")}>
              {t("call.outcome.solved")}
            </Button>
            <Button icon={<PhoneForwarded aria-hidden />} onClick={() => setAsking("call_back")}>
              {t("call.outcome.call_back")}
            </Button>
            <Button icon={<PhoneOff aria-hidden />} busy={busy} onClick={() => void end("dropped")}>
              {t("call.outcome.dropped")}
            </Button>
          </div>
          <select
            className={`${styles.input} ${styles.rare}`}
            aria-label={t("call.outcome.other")}
            value=""
            onChange={(e) => e.target.value && void end(e.target.value as Outcome)}
          >
            <option value="">{t("call.outcome.other")}</option>
            {others.map((outcome) => (
              <option key={outcome} value={outcome}>
                {t(`call.outcome.${outcome}`)}
              </option>
            ))}
          </select>
        </>
      )}
    </>
  );
}

const minute = 60_000;
const presets = [15, 60, 180] as const;

interface WindowProps {
  busy: boolean;
  onChosen: (window: { from: string; to: string }) => void;
  onCancel: () => void;
}

/** When the customer is to be called: a day, and between which times. */
export function Window({ busy, onChosen, onCancel }: WindowProps) {
  const t = useText();
  const [start] = useState(() => onTheWall(now() + 60 * minute));
  const [day, setDay] = useState(start.day);
  const [from, setFrom] = useState(start.time);
  const [to, setTo] = useState(() => onTheWall(now() + 120 * minute).time);
  const soon = (minutes: number) => {
    const [begin, end] = [onTheWall(now() + minutes * minute), onTheWall(now() + (minutes + 60) * minute)];
    setDay(begin.day);
    setFrom(begin.time);
    setTo(end.time);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const begin = fromTheWall(day, from);
    const end = fromTheWall(day, to);
    const overnight = end < begin ? 24 * 60 * minute : 0;
    onChosen({ from: new Date(begin).toISOString(), to: new Date(end + overnight).toISOString() });
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <p className={styles.chips}>
        {presets.map((n) => (
          <Button key={n} onClick={() => soon(n)}>
            {t(`call.window.in.${n}`)}
          </Button>
        ))}
      </p>
      <div className={styles.window}>
        <label className={styles.labelled}>
          {t("call.window.day")}
          <input
            className={styles.input}
            type="date"
            value={day}
            onChange={(e) => setDay(e.target.value)}
            required
            ref={focusNow}
          />
        </label>
        <label className={styles.labelled}>
          {t("call.window.from")}
          <input
            className={styles.input}
            type="time"
            value={from}
            onChange={(e) => setFrom(e.target.value)}
            required
          />
        </label>
        <label className={styles.labelled}>
          {t("call.window.to")}
          <input
            className={styles.input}
            type="time"
            value={to}
            onChange={(e) => setTo(e.target.value)}
            required
          />
        </label>
      </div>
      <p className={styles.actions}>
        <Button look="primary" type="submit" busy={busy}>
          {t("call.window.save")}
        </Button>
        <Button look="quiet" onClick={onCancel}>
          {t("call.cancel")}
        </Button>
      </p>
    </form>
  );
}
