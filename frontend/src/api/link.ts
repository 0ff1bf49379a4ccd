import { create } from "zustand";
import type { LinkState } from "./socket";

/** How the live stream stands, for the person who relies on it. */
export const useLink = create<{ state: LinkState; lostAt: number | null }>()(() => ({
  state: "connecting",
  lostAt: null,
}));

export function tellLink(state: LinkState, now: number): void {
  const was = useLink.getState();
  if (state === "live") {
    if (was.state !== "live") useLink.setState({ state, lostAt: null });
  } else if (was.state !== state) {
    useLink.setState({ state, lostAt: was.lostAt ?? (state === "lost" ? now : null) });
  }
}
