import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { type Action, may, useMe } from "../../api/session";
import { useText } from "../../lib/i18n";
import { EmptyState } from "../../ui/states";
import { AreasPanel } from "./areas/AreasPanel";
import { CalendarsPanel } from "./calendars/CalendarsPanel";
import { FormsPanel } from "./forms/FormsPanel";
import { LinesPanel } from "./lines/LinesPanel";
import { MailboxesPanel } from "./mailboxes/MailboxesPanel";
import { PeoplePanel } from "./PeoplePanel";
import { PreferencesPanel } from "./PreferencesPanel";
import { RetentionPanel } from "./retention/RetentionPanel";
import { RoutingPanel } from "./routing/RoutingPanel";
import { RulesPanel } from "./rules/RulesPanel";
import { SessionsPanel } from "./SessionsPanel";
import styles from "./settings.module.css";
import { TeamsPanel } from "./TeamsPanel";

export const sections = [
  "preferencias",
  "sessoes",
  "pessoas",
  "equipes",
  "distribuicao",
  "prazos",
  "areas",
  "calendarios",
  "guarda",
  "caixas",
  "linhas",
  "formularios",
] as const;
export type Section = (typeof sections)[number];

const panels: Record<Section, { panel: () => ReactNode; needs?: Action }> = {
  preferencias: { panel: PreferencesPanel },
  sessoes: { panel: SessionsPanel },
  pessoas: { panel: PeoplePanel, needs: "accounts.manage" },
  equipes: { panel: TeamsPanel, needs: "desk.manage" },
  distribuicao: { panel: RoutingPanel, needs: "routing.manage" },
  prazos: { panel: RulesPanel, needs: "desk.manage" },
  areas: { panel: AreasPanel, needs: "desk.manage" },
  calendarios: { panel: CalendarsPanel, needs: "desk.manage" },
  guarda: { panel: RetentionPanel, needs: "retention.hold" },
  caixas: { panel: MailboxesPanel, needs: "desk.manage" },
  linhas: { panel: LinesPanel, needs: "desk.manage" },
  formularios: { panel: FormsPanel, needs: "forms.manage" },
};

export function SettingsPage({ section }: { section: Section }) {
  const t = useText();
  const me = useMe();
  const allowed = (s: Section) => !panels[s].needs || may(me, panels[s].needs);
  const { panel: Panel } = panels[section];
  return (
    <div className={styles.page}>
      <nav className={styles.nav} aria-label={t("settings.title")}>
        <h1>{t("settings.title")}</h1>
        <ul>
          {sections.filter(allowed).map((s) => (
            <li key={s}>
              <Link
                to="/ajustes/$section"
                params={{ section: s }}
                aria-current={s === section ? "page" : undefined}
              >
                {t(`settings.${s}`)}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <div className={`${styles.panel} quiet-scroll`}>
        {allowed(section) ? (
          <Panel />
        ) : (
          <EmptyState title={t("settings.denied")}>{t("settings.denied.hint")}</EmptyState>
        )}
      </div>
    </div>
  );
}
