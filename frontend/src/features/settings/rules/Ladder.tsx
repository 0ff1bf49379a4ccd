import type { Regime } from "../../../api/rules";
import { useText } from "../../../lib/i18n";
import { Button } from "../../../ui/Button";
import styles from "../settings.module.css";
import own from "./rules.module.css";
import { type Names, rung } from "./words";

interface LadderProps {
  regime: Regime;
  names: Names;
  onEdit: () => void;
}

/** What is done as a regime's deadlines come near and pass, step by step. */
export function Ladder({ regime, names, onEdit }: LadderProps) {
  const t = useText();
  return (
    <div className={own.ladder}>
      <h4>{t("ladder.title")}</h4>
      {regime.ladder.length === 0 ? (
        <p className={styles.quiet}>{t("ladder.none")}</p>
      ) : (
        <ol>
          {regime.ladder.map((r) => {
            const { when, what } = rung(t, r, names);
            return (
              <li key={`${r.stage} ${r.after} ${r.act}`}>
                <span className="numeric">{when}</span>
                {what}
              </li>
            );
          })}
        </ol>
      )}
      <Button look="quiet" onClick={onEdit} aria-label={t("ladder.edit", { name: regime.name })}>
        {t("ladder.change")}
      </Button>
    </div>
  );
}
