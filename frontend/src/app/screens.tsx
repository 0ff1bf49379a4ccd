import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { may, useMe } from "../api/session";
import { BreachesPage } from "../features/breaches/BreachesPage";
import { CallBacksPage } from "../features/call/CallBacksPage";
import { ImportsPage } from "../features/imports/ImportsPage";
import { IncidentPage } from "../features/incident/IncidentPage";
import { IncidentsPage } from "../features/incident/IncidentsPage";
import { IntakePage } from "../features/intake/IntakePage";
import { AreaPage } from "../features/ombudsman/AreaPage";
import { CasePage } from "../features/ombudsman/CasePage";
import { CasesPage } from "../features/ombudsman/CasesPage";
import { OutgoingPage } from "../features/outgoing/OutgoingPage";
import { SettingsPage, sections } from "../features/settings/SettingsPage";
import { useText } from "../lib/i18n";
import { EmptyState } from "../ui/states";
import { DemandPart } from "./DemandPart";
import { RequestsPart } from "./RequestsPart";

// What is not needed to work the queue, loaded when it is asked for.

export function PanelScreen() {
  const t = useText();
  const me = useMe();
  const navigate = useNavigate();
  const filter = useSearch({ from: "/inside/painel" });
  if (!may(me, "breaches.see")) {
    return <EmptyState title={t("breaches.denied")}>{t("breaches.denied.hint")}</EmptyState>;
  }
  return (
    <BreachesPage
      filter={filter}
      onFilter={(search) => void navigate({ to: "/painel", search })}
      onOpen={(protocol) => void navigate({ to: "/fila", search: { view: "all", t: protocol } })}
    />
  );
}

export function IntakeScreen() {
  const t = useText();
  const me = useMe();
  const navigate = useNavigate();
  if (!may(me, "intake.see")) {
    return <EmptyState title={t("intake.denied")}>{t("intake.denied.hint")}</EmptyState>;
  }
  return (
    <IntakePage onOpen={(protocol) => void navigate({ to: "/fila", search: { view: "all", t: protocol } })} />
  );
}

export function OutgoingScreen() {
  const t = useText();
  const me = useMe();
  const navigate = useNavigate();
  if (!may(me, "tickets.work")) return <EmptyState title={t("outgoing.denied")} />;
  return (
    <OutgoingPage
      onOpen={(protocol) => void navigate({ to: "/fila", search: { view: "all", t: protocol } })}
    />
  );
}

export function CallBacksScreen() {
  const navigate = useNavigate();
  return (
    <CallBacksPage
      onOpen={(protocol) => void navigate({ to: "/fila", search: { view: "all", t: protocol } })}
    />
  );
}

export function SettingsScreen() {
  const { section } = useParams({ from: "/inside/ajustes/$section" });
  return <SettingsPage section={sections.includes(section) ? section : "preferencias"} />;
}

export function CasesScreen() {
  const t = useText();
  const me = useMe();
  const navigate = useNavigate();
  if (!may(me, "cases.work")) return <EmptyState title={t("cases.denied")} />;
  return <CasesPage onOpen={(protocol) => void navigate({ to: "/casos/$protocol", params: { protocol } })} />;
}

export function CaseScreen() {
  const t = useText();
  const me = useMe();
  const navigate = useNavigate();
  const { protocol } = useParams({ from: "/inside/casos/$protocol" });
  if (!may(me, "cases.work")) return <EmptyState title={t("cases.denied")} />;
  return (
    <CasePage
      key={protocol}
      protocol={protocol}
      onBack={() => void navigate({ to: "/casos" })}
      demand={(ticketId) => <DemandPart ticketId={ticketId} />}
      requests={(row, over, onAsked) => <RequestsPart row={row} over={over} onAsked={onAsked} />}
    />
  );
}

export function IncidentsScreen() {
  const navigate = useNavigate();
  return (
    <IncidentsPage
      onOpen={(id) => void navigate({ to: "/incidentes/$incident", params: { incident: String(id) } })}
    />
  );
}

export function IncidentScreen() {
  const navigate = useNavigate();
  const { incident } = useParams({ from: "/inside/incidentes/$incident" });
  return (
    <IncidentPage
      key={incident}
      id={Number(incident)}
      onBack={() => void navigate({ to: "/incidentes" })}
      onTicket={(protocol) => void navigate({ to: "/fila", search: { view: "all", t: protocol } })}
    />
  );
}

export function AreasScreen() {
  return <AreaPage />;
}

export function ImportsScreen() {
  const t = useText();
  const me = useMe();
  if (!may(me, "imports.run")) return <EmptyState title={t("imports.denied")} />;
  return <ImportsPage />;
}
