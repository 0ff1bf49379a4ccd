import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
  type SearchSchemaInput,
  useNavigate,
} from "@tanstack/react-router";
import { Suspense } from "react";
import { ApiError } from "../api/client";
import { keys } from "../api/keys";
import { meQuery } from "../api/session";
import type { BoardFilter } from "../features/breaches/api";
import { type ListQuery, type SavedId, type Sort, sorts, views } from "../features/queue/view";
import type { Section } from "../features/settings/SettingsPage";
import { forgetLeases } from "../features/ticket/lease";
import { activateLocale, useText, withTexts } from "../lib/i18n";
import { Button } from "../ui/Button";
import { EmptyState, ErrorState, Skeleton } from "../ui/states";
import { Desk } from "./Desk";
import { Shell } from "./Shell";

interface Context {
  cache: QueryClient;
}

/** The address of the queue: everything needed to show the same again, on any machine. */
export interface DeskSearch {
  view: ListQuery["view"];
  sort?: Sort;
  q?: string;
  team?: number;
  /** Only what is assigned to whoever looks. */
  own?: boolean;
  channel?: ListQuery["channel"];
  /** Protocol of the open ticket. */
  t?: string;
}

const LoginPage = lazyRouteComponent(() => import("../features/session/LoginPage"), "LoginPage");
const screens = () => withTexts(() => import("./screens"));

const root = createRootRouteWithContext<Context>()({ component: Outlet });

const login = createRoute({
  getParentRoute: () => root,
  path: "/entrar",
  validateSearch: (search: Record<string, unknown>): { volta?: string; fim?: boolean } => ({
    volta: localPath(search.volta),
    fim: search.fim === true || undefined,
  }),
  component: function Login() {
    const { volta, fim } = login.useSearch();
    const { cache } = login.useRouteContext();
    const navigate = useNavigate();
    return (
      <Suspense>
        <LoginPage
          ended={fim === true}
          onIn={(me) => {
            cache.clear();
            forgetLeases();
            cache.setQueryData(keys.me, me);
            void navigate({ to: "/fila", ...(volta && { href: volta }), replace: true });
          }}
        />
      </Suspense>
    );
  },
});

const inside = createRoute({
  getParentRoute: () => root,
  id: "inside",
  beforeLoad: async ({ context, location }) => {
    try {
      const me = await context.cache.ensureQueryData(meQuery);
      await activateLocale(me.locale);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      throw redirect({ to: "/entrar", search: { volta: location.href } });
    }
  },
  component: Shell,
});

const home = createRoute({
  getParentRoute: () => inside,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/fila" });
  },
});

const desk = createRoute({
  getParentRoute: () => inside,
  path: "/fila",
  validateSearch: (search: Partial<DeskSearch> & SearchSchemaInput): DeskSearch => ({
    view: oneOf(views, search.view) ?? savedView(search.view) ?? "team",
    sort: oneOf(sorts, search.sort),
    q: text(search.q),
    team: typeof search.team === "number" ? search.team : undefined,
    own: search.own === true || undefined,
    channel: oneOf(["phone", "webform", "email", "ombudsman"] as const, search.channel),
    t: text(search.t),
  }),
  component: Desk,
});

const panel = createRoute({
  getParentRoute: () => inside,
  path: "/painel",
  validateSearch: (search: Partial<BoardFilter> & SearchSchemaInput): BoardFilter => ({
    team: typeof search.team === "number" ? search.team : undefined,
    channel: oneOf(["phone", "webform", "email", "ombudsman"] as const, search.channel),
    regime: typeof search.regime === "number" ? search.regime : undefined,
  }),
  component: lazyRouteComponent(screens, "PanelScreen"),
});

const intake = createRoute({
  getParentRoute: () => inside,
  path: "/entradas",
  component: lazyRouteComponent(screens, "IntakeScreen"),
});

const outgoing = createRoute({
  getParentRoute: () => inside,
  path: "/saida",
  component: lazyRouteComponent(screens, "OutgoingScreen"),
});

const callBacks = createRoute({
  getParentRoute: () => inside,
  path: "/retornos",
  component: lazyRouteComponent(screens, "CallBacksScreen"),
});

const cases = createRoute({
  getParentRoute: () => inside,
  path: "/casos",
  component: lazyRouteComponent(screens, "CasesScreen"),
});

const oneCase = createRoute({
  getParentRoute: () => inside,
  path: "/casos/$protocol",
  component: lazyRouteComponent(screens, "CaseScreen"),
});

const incidents = createRoute({
  getParentRoute: () => inside,
  path: "/incidentes",
  component: lazyRouteComponent(screens, "IncidentsScreen"),
});

const incident = createRoute({
  getParentRoute: () => inside,
  path: "/incidentes/$incident",
  component: lazyRouteComponent(screens, "IncidentScreen"),
});

const areas = createRoute({
  getParentRoute: () => inside,
  path: "/areas",
  component: lazyRouteComponent(screens, "AreasScreen"),
});

const imports = createRoute({
  getParentRoute: () => inside,
  path: "/importacoes",
  component: lazyRouteComponent(screens, "ImportsScreen"),
});

const settingsHome = createRoute({
  getParentRoute: () => inside,
  path: "/ajustes",
  beforeLoad: () => {
    throw redirect({ to: "/ajustes/$section", params: { section: "preferencias" } });
  },
});

const settings = createRoute({
  getParentRoute: () => inside,
  path: "/ajustes/$section",
  params: {
    parse: ({ section }) => ({ section: section as Section }),
    stringify: ({ section }) => ({ section }),
  },
  component: lazyRouteComponent(screens, "SettingsScreen"),
});

const routes = root.addChildren([
  login,
  inside.addChildren([
    home,
    desk,
    panel,
    intake,
    outgoing,
    callBacks,
    cases,
    oneCase,
    incidents,
    incident,
    areas,
    imports,
    settingsHome,
    settings,
  ]),
]);

export function newRouter(cache: QueryClient) {
  return createRouter({
    routeTree: routes,
    context: { cache },
    search: { strict: true },
    // Protocols are digits: they must stay texts, 17 of them do not fit a number.
    parseSearch: parse,
    stringifySearch: stringify,
    defaultPendingComponent: () => <Skeleton rows={10} />,
    defaultErrorComponent: ({ error, reset }) => <ErrorState error={error} onRetry={reset} />,
    defaultNotFoundComponent: NotFound,
    scrollRestoration: false,
  });
}

const numeric = new Set(["team", "regime"]);

function parse(search: string): Record<string, unknown> {
  const entries = [...new URLSearchParams(search)];
  return Object.fromEntries(
    entries.map(([k, v]) => [k, v === "true" ? true : numeric.has(k) && /^\d+$/.test(v) ? Number(v) : v]),
  );
}

function stringify(search: Record<string, unknown>): string {
  const entries = Object.entries(search).filter(([, v]) => v !== undefined && v !== null && v !== "");
  return entries.length > 0 ? `?${new URLSearchParams(entries.map(([k, v]) => [k, String(v)]))}` : "";
}

const savedView = (value: unknown) =>
  typeof value === "string" && /^[1-9]\d{0,17}$/.test(value) ? (value as SavedId) : undefined;

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);

/** Only a path of our own: a log-in must not send people elsewhere. */
const localPath = (value: unknown) =>
  typeof value === "string" && /^\/(?![/\\])/.test(value) ? value : undefined;

const oneOf = <T extends string>(allowed: readonly T[], value: unknown) => allowed.find((a) => a === value);

function NotFound() {
  const t = useText();
  const navigate = useNavigate();
  return (
    <main>
      <EmptyState
        title={t("notfound.title")}
        action={<Button onClick={() => void navigate({ to: "/fila" })}>{t("notfound.back")}</Button>}
      >
        {t("notfound.text")}
      </EmptyState>
    </main>
  );
}
