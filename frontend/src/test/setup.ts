import "@testing-library/jest-dom/vitest";
import { cleanup } from "@testing-library/react";
import { afterEach, beforeAll, beforeEach } from "vitest";
import { forgetRows } from "../api/rows";
import { useDrafts } from "../features/ticket/drafts";
import { forgetLeases } from "../features/ticket/lease";
import { activateLocale, withTexts } from "../lib/i18n";

// jsdom has neither; the virtual list needs a size, or it shows nothing.
class Observer {
  observe() {}
  unobserve() {}
  disconnect() {}
}
globalThis.ResizeObserver ??= Observer;
window.matchMedia ??= (query) =>
  ({
    matches: false,
    media: query,
    addEventListener() {},
    removeEventListener() {},
  }) as unknown as MediaQueryList;
Element.prototype.scrollTo ??= () => {};
Element.prototype.scrollIntoView ??= () => {};
Object.defineProperty(HTMLElement.prototype, "clientHeight", { configurable: true, get: () => 600 });
Object.defineProperty(HTMLElement.prototype, "clientWidth", { configurable: true, get: () => 400 });

beforeAll(async () => {
  await activateLocale("pt-BR");
  await withTexts(async () => undefined);
});
beforeEach(() => localStorage.clear());
afterEach(() => {
  cleanup();
  forgetRows();
  forgetLeases();
  useDrafts.setState({ drafts: {} });
});
