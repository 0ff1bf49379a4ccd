import { useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useRouterState, useSearch } from "@tanstack/react-router";
import {
  FileInput,
  Gauge,
  Inbox,
  Menu as MenuIcon,
  MessageCircleQuestion,
  PhoneCall,
  PhoneOutgoing,
  Scale,
  Send,
  Settings,
  Siren,
} from "lucide-react";
import { lazy, Suspense, useEffect, useState } from "react";
import { may, useMe } from "../api/session";
import { newSheet, useSheets } from "../features/call/sheets";
import { Rail } from "../features/queue/Rail";
import { keepLease } from "../features/ticket/lease";
import { arrives } from "../lib/arrives";
import { run, useCommands } from "../lib/commands";
import { useText, withTexts } from "../lib/i18n";
import { useHeldLetters } from "../lib/keyboard";
import { IconButton } from "../ui/Button";
import { Kbd } from "../ui/Kbd";
import { Mark } from "../ui/Mark";
import { AccountMenu } from "./AccountMenu";
import { LinkNotice } from "./LinkNotice";
import { useLive } from "./live";
import styles from "./Shell.module.css";

const warmUpAfter = 800;
const Palette = lazy(() => arrives(() => import("./Palette")));
const Help = lazy(() => arrives(() => import("./Help")));
const HeldBanner = lazy(() => withTexts(() => import("../features/outgoing/HeldBanner")));
const IncidentBanner = lazy(() => withTexts(() => import("../features/incident/IncidentBanner")));
const CompanyRail = lazy(() => withTexts(() => import("../features/company/CompanyRail")));
const CallDock = lazy(() => withTexts(() => import("../features/call/CallDock")));

/** What floats is not part of the shell, but nobody should wait for it at the first press. */
const warmUp = () =>
  Promise.all([import("./Palette"), import("../ui/MenuPopup"), import("../ui/deadline/DeadlineCard")]);

/** What stands around every screen: the rail with views and state, and the screen itself. */
export function Shell() {
  const t = useText();
  const me = useMe();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const path = useRouterState({ select: (s) => s.location.pathname });
  const { view, t: open } = useSearch({ strict: false });
  const [dialog, setDialog] = useState<"palette" | "help">();
  const [railOpen, setRailOpen] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: on a phone every move closes the rail
  useEffect(() => setRailOpen(false), [path, view, open]);
  useLive(cache);
  const docked = useSheets((s) => s.wanted);
  useHeldLetters(dialog !== undefined);
  useEffect(() => {
    const idle = setTimeout(() => {
      useSheets.setState({ wanted: true });
      void warmUp().catch(() => undefined);
    }, warmUpAfter);
    return () => clearTimeout(idle);
  }, []);

  const works = may(me, "tickets.work");
  const sees = may(me, "breaches.see");
  const counts = may(me, "intake.see");
  useCommands({
    "app.palette": () => setDialog((shown) => (shown === "palette" ? undefined : "palette")),
    "app.help": () => setDialog("help"),
    "call.open": () => newSheet(me.id),
    "go.callbacks": () => void navigate({ to: "/retornos" }),
    "go.queue": () => void navigate({ to: "/fila" }),
    "go.breaches": sees ? () => void navigate({ to: "/painel" }) : undefined,
    "go.intake": counts ? () => void navigate({ to: "/entradas" }) : undefined,
    "go.incidents": works ? () => void navigate({ to: "/incidentes" }) : undefined,
    "go.settings": () => void navigate({ to: "/ajustes" }),
  });

  return (
    <div className={styles.shell} data-rail={railOpen ? "" : undefined}>
      <header className={styles.bar}>
        <IconButton
          label={t("shell.rail")}
          icon={<MenuIcon />}
          aria-expanded={railOpen}
          onClick={() => setRailOpen(!railOpen)}
        />
        <Mark size={20} />
        <LinkNotice />
      </header>
      <nav className={`${styles.rail} quiet-scroll`} aria-label={t("shell.rail")}>
        <Link to="/fila" className={styles.brand} aria-label={t("shell.home")}>
          <Mark size={20} /> Escuta
        </Link>
        <Rail
          idle={path === "/fila" && open === undefined}
          onTaken={({ ticket, lease }) => {
            keepLease(ticket.id, lease);
            void navigate({ to: "/fila", search: (now) => ({ ...now, t: ticket.protocol }) });
          }}
        />
        <div className={styles.places}>
          <button type="button" className={`${styles.place} ${styles.act}`} onClick={() => run("call.open")}>
            <PhoneCall aria-hidden /> {t("call.new")} <Kbd command="call.open" />
          </button>
          <Link to="/retornos" className={styles.place}>
            <PhoneOutgoing aria-hidden /> {t("callbacks.title")}
          </Link>
          {sees && (
            <Link to="/painel" className={styles.place}>
              <Gauge aria-hidden /> {t("breaches.title")}
            </Link>
          )}
          {counts && (
            <Link to="/entradas" className={styles.place}>
              <Inbox aria-hidden /> {t("intake.title")}
            </Link>
          )}
          {works && (
            <Link to="/saida" className={styles.place}>
              <Send aria-hidden /> {t("outgoing.title")}
            </Link>
          )}
          {may(me, "cases.work") && (
            <Link to="/casos" className={styles.place}>
              <Scale aria-hidden /> {t("cases.title")}
            </Link>
          )}
          {works && (
            <Link to="/incidentes" className={styles.place}>
              <Siren aria-hidden /> {t("incidents.title")}
            </Link>
          )}
          <Link to="/areas" className={styles.place}>
            <MessageCircleQuestion aria-hidden /> {t("areas.title")}
          </Link>
          {may(me, "imports.run") && (
            <Link to="/importacoes" className={styles.place}>
              <FileInput aria-hidden /> {t("imports.title")}
            </Link>
          )}
          <Link to="/ajustes" className={styles.place}>
            <Settings aria-hidden /> {t("settings.title")}
          </Link>
        </div>
        <div className={styles.foot}>
          <Suspense>
            {works && (
              <CompanyRail
                onOpen={(protocol) => void navigate({ to: "/fila", search: { view: "all", t: protocol } })}
              />
            )}
          </Suspense>
          <LinkNotice />
          <AccountMenu onHelp={() => setDialog("help")} />
        </div>
      </nav>
      <main className={styles.main}>
        {works && (
          <Suspense>
            <HeldBanner />
            <IncidentBanner
              onOpen={(id) =>
                void navigate(
                  id
                    ? { to: "/incidentes/$incident", params: { incident: String(id) } }
                    : { to: "/incidentes" },
                )
              }
            />
          </Suspense>
        )}
        <div className={styles.screen}>
          <Outlet />
        </div>
      </main>
      <Suspense>
        {docked && (
          <CallDock
            ticket={open}
            onOpen={(protocol) => void navigate({ to: "/fila", search: { view: "all", t: protocol } })}
          />
        )}
      </Suspense>
      <Suspense>
        {dialog === "palette" && <Palette onClose={() => setDialog(undefined)} />}
        {dialog === "help" && <Help onClose={() => setDialog(undefined)} />}
      </Suspense>
    </div>
  );
}
