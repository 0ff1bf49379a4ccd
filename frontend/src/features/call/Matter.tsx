import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Tag } from "lucide-react";
import { useState } from "react";
import { reasonPath, reasonsQuery } from "../../api/directory";
import { kinds } from "../../api/kinds";
import type { Call, Kind } from "../../api/types";
import { useText } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { toastError } from "../../ui/toast";
import { changeCall } from "./api";
import styles from "./call.module.css";
import { Finder } from "./Finder";

const shown = 6;
const fold = (text: string) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** Whether each word typed begins a word of the path: "gar tro" finds "Garantia › Troca". */
function begins(path: string, typed: string): boolean {
  const words = fold(path).split(/[^\p{L}\p{N}]+/u);
  return fold(typed)
    .split(/\s+/)
    .filter(Boolean)
    .every((part) => words.some((word) => word.startsWith(part)));
}

/** What it is: the demand by its kind in law, and our reason for it. */
export function Matter({ call }: { call: Call }) {
  const t = useText();
  const cache = useQueryClient();
  const reasons = useQuery(reasonsQuery).data ?? [];
  const [typed, setTyped] = useState("");
  const change = (what: Parameters<typeof changeCall>[2]) => {
    setTyped("");
    changeCall(cache, call.id, what).catch(toastError);
  };
  const { kind, reason_id: reason } = call.ticket;
  const found = reasons
    .map((r) => ({ id: r.id, path: reasonPath(reasons, r.id) }))
    .filter((r) => typed.trim() !== "" && begins(r.path, typed))
    .slice(0, shown);
  return (
    <div className={styles.pair}>
      <select
        className={styles.input}
        aria-label={t("call.kind")}
        value={kind}
        onChange={(e) => change({ kind: e.target.value as Kind })}
      >
        {kinds.map((k) => (
          <option key={k} value={k}>
            {t(`kind.${k}`)}
          </option>
        ))}
      </select>
      {reason !== null ? (
        <p className={styles.line}>
          <Tag aria-hidden />
          <span>{reasonPath(reasons, reason)}</span>
          <Button look="quiet" onClick={() => change({ reason_id: 0 })}>
            {t("call.reason.other")}
          </Button>
        </p>
      ) : (
        <Finder
          label={t("call.reason")}
          placeholder={t("call.reason.find")}
          typed={typed}
          onType={setTyped}
          found={found.map((r) => ({
            id: String(r.id),
            name: r.path,
            choose: () => change({ reason_id: r.id }),
          }))}
        />
      )}
    </div>
  );
}
