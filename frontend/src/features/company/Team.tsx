import { ChevronRight } from "lucide-react";
import { type Colleague, type State, useCompany } from "../../api/here";
import { useMe } from "../../api/session";
import { useNow } from "../../lib/clock";
import { useText } from "../../lib/i18n";
import { usePrefs } from "../../lib/prefs";
import styles from "./company.module.css";
import { StateIcon } from "./states";

const order: readonly State[] = ["online", "call", "after_call", "away", "break"];

/** Who of the team is here and how, the free ones first. */
export function Team() {
  const t = useText();
  const me = useMe();
  const people = useCompany((s) => s.people);
  const more = useCompany((s) => s.more);
  const open = usePrefs((p) => p.teamOpen);
  const set = usePrefs((p) => p.set);
  const others = people
    .filter((p) => p.account_id !== me.id)
    .sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  const free = others.filter((p) => p.state === "online").length;
  return (
    <section className={styles.team}>
      <h2>
        <button type="button" aria-expanded={open} onClick={() => set({ teamOpen: !open })}>
          <ChevronRight aria-hidden />
          {t("team.now")}
          <span className={styles.free}>{t("team.free", { n: free })}</span>
        </button>
      </h2>
      {open &&
        (others.length === 0 ? (
          <p className={styles.none}>{t("team.alone")}</p>
        ) : (
          <ul
            className="quiet-scroll"
            aria-label={t("team.now")}
            tabIndex={others.length > 8 ? 0 : undefined}
          >
            {others.map((p) => (
              <Line key={p.account_id} person={p} />
            ))}
            {more > 0 && <li className={styles.none}>{t("team.more", { n: more })}</li>}
          </ul>
        ))}
    </section>
  );
}

function Line({ person }: { person: Colleague }) {
  const t = useText();
  const now = useNow(15_000);
  const left = person.until ? Math.round((Date.parse(person.until) - now) / 60_000) : 0;
  return (
    <li data-state={person.state}>
      <StateIcon state={person.state} />
      <span className={styles.name}>{person.name}</span>
      <span className={styles.state}>
        {person.state === "break" && left > 0 ? t("team.back", { n: left }) : t(`team.${person.state}`)}
      </span>
    </li>
  );
}
