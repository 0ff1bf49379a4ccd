import "./lib/tokens.css";
import "./lib/base.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { activateLocale, matchLocale } from "./lib/i18n";
import { applyPrefs, usePrefs } from "./lib/prefs";

applyPrefs();
await activateLocale(usePrefs.getState().locale ?? matchLocale(navigator.languages));

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
