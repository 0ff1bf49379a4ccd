import { create } from "zustand";
import { persist } from "zustand/middleware";

export const themes = ["system", "light", "dark"] as const;
export const densities = ["compact", "normal", "comfortable"] as const;
export const scales = [0.9, 1, 1.1, 1.25] as const;

export type Theme = (typeof themes)[number];
export type Density = (typeof densities)[number];

export interface Prefs {
  theme: Theme;
  density: Density;
  /** Size of the letters, apart from the density of the rows. */
  scale: number;
  /** Single-letter shortcuts (WCAG 2.1.4: whoever dictates by voice needs them off). */
  shortcuts: boolean;
  locale: string | null;
  /** Widths in pixels of the panes that people drag. */
  panes: { list: number; customer: number };
  customerOpen: boolean;
  /** The rail lists the colleagues, not only how many are free. */
  teamOpen: boolean;
  set: (change: Partial<Omit<Prefs, "set">>) => void;
}

/** How this person wants the desk on this machine. Kept in the browser: screens differ, people move. */
export const usePrefs = create<Prefs>()(
  persist(
    (set) => ({
      theme: "system",
      density: "normal",
      scale: 1,
      shortcuts: true,
      locale: null,
      panes: { list: 380, customer: 272 },
      customerOpen: true,
      teamOpen: true,
      set: (change) => set(change),
    }),
    { name: "escuta.prefs", version: 1 },
  ),
);

/** Writes theme and size of letters onto the document, now and at every change. */
export function applyPrefs(): void {
  const apply = ({ theme, scale }: Prefs) => {
    const root = document.documentElement;
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    root.style.setProperty("--scale", String(scale));
  };
  apply(usePrefs.getState());
  usePrefs.subscribe(apply);
}
