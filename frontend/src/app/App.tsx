import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useEffect } from "react";
import { listenForCommands } from "../lib/keyboard";
import { usePrefs } from "../lib/prefs";
import { TooltipHost } from "../ui/Tooltip";
import { Toasts } from "../ui/toast";
import { newCache } from "./cache";
import { newRouter } from "./router";

const cache = newCache(() => void router.navigate({ to: "/entrar", search: leaving() }));
const router = newRouter(cache);

function leaving() {
  const { pathname, href } = router.state.location;
  return pathname === "/entrar" ? router.state.location.search : { volta: href, fim: true };
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof newRouter>;
  }
}

export function App() {
  useEffect(() => listenForCommands(() => usePrefs.getState().shortcuts), []);
  return (
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={cache}>
        <RouterProvider router={router} />
        <Toasts />
        <TooltipHost />
      </QueryClientProvider>
    </I18nProvider>
  );
}
