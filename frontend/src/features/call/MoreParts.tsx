import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { keys } from "../../api/keys";
import type { Call } from "../../api/types";
import { upload } from "../../api/upload";
import { useText } from "../../lib/i18n";
import { fullDate } from "../../lib/time";
import { Button } from "../../ui/Button";
import { toastError } from "../../ui/toast";
import { changeCall, type Kept, keepRecording } from "./api";
import styles from "./call.module.css";
import { fromTheWall, onTheWall } from "./words";

/** What is rarely needed while somebody speaks: who called whom, how long it took, where it can be heard. */
export function MoreParts({ call }: { call: Call }) {
  const t = useText();
  const cache = useQueryClient();
  const change = (what: Parameters<typeof changeCall>[2]) =>
    changeCall(cache, call.id, what).catch(toastError);
  return (
    <details className={styles.more}>
      <summary>{t("call.more")}</summary>
      <div className={styles.pair}>
        <label className={styles.labelled}>
          {t("call.direction")}
          <select
            className={styles.input}
            value={call.direction}
            onChange={(e) => void change({ direction: e.target.value as Call["direction"] })}
          >
            <option value="in">{t("call.direction.in")}</option>
            <option value="out">{t("call.direction.out")}</option>
          </select>
        </label>
        <label className={styles.labelled}>
          {t("call.duration")}
          <input
            className={styles.input}
            type="number"
            min={0}
            max={1440}
            placeholder={t("call.duration.running")}
            defaultValue={call.duration === null ? "" : Math.round(call.duration / 60)}
            onBlur={(e) => e.target.value !== "" && void change({ duration: Number(e.target.value) * 60 })}
          />
        </label>
      </div>
      <Recorded call={call} />
    </details>
  );
}

function Recorded({ call }: { call: Call }) {
  const t = useText();
  const cache = useQueryClient();
  const [reference, setReference] = useState("");
  const [until, setUntil] = useState("");
  const [file, setFile] = useState<File>();
  const [share, setShare] = useState<number>();
  const save = async (event: FormEvent) => {
    event.preventDefault();
    try {
      const kept: Kept = {};
      if (until) kept.retain_until = new Date(fromTheWall(until, "23:59")).toISOString();
      if (file) {
        setShare(0);
        kept.upload = (await upload(file, setShare, new AbortController().signal)).id;
      } else kept.reference = reference.trim();
      await keepRecording(call.id, kept);
      setFile(undefined);
      setReference("");
      await cache.invalidateQueries({ queryKey: keys.call(call.id) });
    } catch (error) {
      toastError(error);
    }
    setShare(undefined);
  };
  const { recording } = call;
  return (
    <form className={styles.form} onSubmit={(e) => void save(e)}>
      <p className={styles.quiet}>
        {recording
          ? t("call.recording.kept", { date: fullDate(recording.retain_until) })
          : t("call.recording.none")}
      </p>
      <label className={styles.labelled}>
        {t("call.recording.reference")}
        <input
          className={styles.input}
          value={reference}
          maxLength={1000}
          onChange={(e) => setReference(e.target.value)}
          disabled={file !== undefined}
        />
      </label>
      <div className={styles.pair}>
        <label className={styles.labelled}>
          {t("call.recording.file")}
          <input type="file" accept="audio/*" onChange={(e) => setFile(e.target.files?.[0])} />
        </label>
        <label className={styles.labelled}>
          {t("call.recording.until")}
          <input
            className={styles.input}
            type="date"
            min={onTheWall(Date.parse(call.started_at)).day}
            value={until}
            onChange={(e) => setUntil(e.target.value)}
          />
        </label>
      </div>
      <p className={styles.quiet}>{t("call.recording.hint")}</p>
      {share !== undefined && <progress max={1} value={share} aria-label={t("call.recording.sending")} />}
      <p className={styles.actions}>
        <Button type="submit" busy={share !== undefined} disabled={!file && reference.trim() === ""}>
          {t("call.recording.save")}
        </Button>
      </p>
    </form>
  );
}
