import { useMutation } from "@tanstack/react-query";
import { ChevronsUpDown } from "lucide-react";
import { useRef } from "react";
import { type Mine, useCompany } from "../../api/here";
import type { BreakReason } from "../../api/types";
import { useNow } from "../../lib/clock";
import { useCommands } from "../../lib/commands";
import { type Translate, useText } from "../../lib/i18n";
import { Menu } from "../../ui/Menu";
import { choices } from "../../ui/menu";
import { toastError } from "../../ui/toast";
import { pause, resume } from "./api";
import styles from "./company.module.css";
import { StateIcon } from "./states";

/** How long each break is meant to be, in minutes; what the body asks for has no end that is planned. */
const planned: Record<BreakReason, number> = {
  rest: 10,
  meal: 20,
  personal: 0,
  training: 60,
  meeting: 30,
  other: 15,
};
const reasons = Object.keys(planned) as BreakReason[];

/** How we are here, as the others and the routing see it, and the way into a break and back. */
export function MyState() {
  const t = useText();
  const mine = useCompany((s) => s.mine);
  const frame = useRef<HTMLDivElement>(null);
  const now = useNow(15_000);
  const change = useMutation({
    mutationFn: (to: BreakReason | undefined) => (to ? pause(to, planned[to]) : resume()),
    onError: toastError,
  });
  useCommands({ "app.state": () => frame.current?.querySelector("button")?.click() });
  const state = mine?.state || "online";
  const current = state === "break" ? mine?.reason || "other" : undefined;
  const words = wordsOf(t, mine, now);
  return (
    <div ref={frame}>
      <Menu
        label={t("state.mine")}
        trigger={
          <button
            type="button"
            className={styles.mine}
            data-state={state}
            aria-label={`${t("state.mine")}: ${words}`}
          >
            <StateIcon state={state} />
            <span className={styles.words}>{words}</span>
            <ChevronsUpDown aria-hidden />
          </button>
        }
        entries={[
          choices<BreakReason | undefined>(
            current,
            [
              { value: undefined, name: t("state.available") },
              ...reasons.map((value) => ({
                value,
                name:
                  t(`state.break.${value}`) +
                  (planned[value] ? ` · ${t("state.minutes", { n: planned[value] })}` : ""),
              })),
            ],
            (to) => change.mutate(to),
          ),
        ]}
      />
    </div>
  );
}

function wordsOf(t: Translate, mine: Mine | undefined, now: number): string {
  const state = mine?.state || "online";
  if (state !== "break") return t(`state.${state}`);
  const reason = t(`state.break.${mine?.reason || "other"}`);
  if (!mine?.until) return reason;
  const left = Math.round((Date.parse(mine.until) - now) / 60_000);
  return `${reason} · ${left > 0 ? t("state.left", { n: left }) : t("state.over", { n: Math.abs(left) })}`;
}
