import { ArrowUp } from "lucide-react";
import { type Change, type Policy, type Regime, termsOf } from "../../../api/rules";
import { useText } from "../../../lib/i18n";
import { Button, IconButton } from "../../../ui/Button";
import styles from "../settings.module.css";
import { Ladder } from "./Ladder";
import own from "./rules.module.css";
import { conditions, evidence, type Names, term } from "./words";

/** What is to be edited: a regime, or a policy of one; without a policy a new one. */
export type Act = { regime: Regime } | { ladder: Regime } | { of: Regime; policy?: Policy };

interface RegimeItemProps {
  regime: Regime;
  names: Names;
  onAct: (act: Act) => void;
  onChange: (change: Change) => void;
}

/** A regime with its mark of evidence, its switch and its policies in order. */
export function RegimeItem({ regime: r, names, onAct, onChange }: RegimeItemProps) {
  const t = useText();
  const toggle = () =>
    onChange({ regime_id: r.id, version: r.version, regime: { ...termsOf(r), active: !r.active } });
  const up = (i: number) => {
    const order = r.policies.map((p) => p.id);
    order.splice(i - 1, 2, order[i] as number, order[i - 1] as number);
    onChange({ order });
  };
  const unsure = r.evidence === "unconfirmed" && !r.checked_by;
  return (
    <section className={r.active ? own.regime : `${own.regime} ${own.off}`} aria-label={r.name}>
      <header>
        <div>
          <h3>
            {r.name} <span className={own.state}>{t(r.active ? "rules.on" : "rules.off")}</span>
          </h3>
          <p className={styles.quiet}>
            {[
              r.norm,
              r.extension ? t("rules.extends", { n: r.extension }) : "",
              r.cap != null ? t("rules.capped", { n: r.cap }) : "",
            ]
              .filter(Boolean)
              .join(" · ")}
          </p>
          <p className={unsure ? own.unsure : styles.quiet}>{evidence(t, r)}</p>
          {r.note && <p className={styles.quiet}>{r.note}</p>}
        </div>
        <div className={own.acts}>
          <Button onClick={() => onAct({ regime: r })} aria-label={t("rules.edit", { name: r.name })}>
            {t("rules.change")}
          </Button>
          <Button
            look="quiet"
            onClick={toggle}
            aria-label={t(r.active ? "rules.turn_off.named" : "rules.turn_on.named", { name: r.name })}
          >
            {t(r.active ? "rules.turn_off" : "rules.turn_on")}
          </Button>
        </div>
      </header>
      <ol className={own.policies}>
        {r.policies.map((p, i) => (
          <li key={p.id} className={p.active ? undefined : own.off}>
            <div>
              <strong>{p.name}</strong>
              {!p.active && <span className={own.state}>{t("rules.off")}</span>}
              <p>
                {t(`rules.clock.${p.clock}`)}: <span className="numeric">{term(t, p)}</span>
                {p.pauses && ` · ${t("rules.pauses.short")}`}
              </p>
              <p className={styles.quiet}>{conditions(t, p, names)}</p>
            </div>
            <div className={own.acts}>
              {i > 0 && (
                <IconButton
                  label={t("rules.up", { name: p.name })}
                  icon={<ArrowUp />}
                  onClick={() => up(i)}
                />
              )}
              <Button
                look="quiet"
                onClick={() => onAct({ of: r, policy: p })}
                aria-label={t("rules.edit", { name: p.name })}
              >
                {t("rules.change")}
              </Button>
              <Button
                look="quiet"
                onClick={() => onChange({ remove: p.id })}
                aria-label={t("rules.remove.named", { name: p.name })}
              >
                {t("rules.remove")}
              </Button>
            </div>
          </li>
        ))}
      </ol>
      <Button look="quiet" onClick={() => onAct({ of: r })}>
        {t("rules.policy.add")}
      </Button>
      <Ladder regime={r} names={names} onEdit={() => onAct({ ladder: r })} />
    </section>
  );
}
