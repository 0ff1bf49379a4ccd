import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { listenForCommands } from "../lib/keyboard";
import { usePrefs } from "../lib/prefs";
import { TooltipHost } from "../ui/Tooltip";
import { Toasts } from "../ui/toast";
import { newCache } from "./cache";
import { newRouter } from "./router";

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof newRouter>;
  }
}

/** The cache and the router know each other: a session that ends leads to the log-in and back to the same place. */
function newDesk() {
  const cache = newCache(() => {
    const { pathname, href } = router.state.location;
    if (pathname !== "/entrar") void router.navigate({ to: "/entrar", search: { volta: href, fim: true } });
  });
  const router = newRouter(cache);
  return { cache, router };
}

export function App() {
  const [{ cache, router }] = useState(newDesk);
  useEffect(() => listenForCommands(() => usePrefs.getState().shortcuts), []);
  return (
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={cache}>
        <RouterProvider router={router} />
        <Toasts onFollow={(href) => router.history.push(href)} />
        <TooltipHost />
      </QueryClientProvider>
    </I18nProvider>
  );
}
