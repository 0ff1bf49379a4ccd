import { type PointerEvent, type UIEvent, useEffect, useRef, useState } from "react";

const idleAfter = 2500;
const top = 8;

/**
 * Whether the list must hold still: a pointer is over it, it is scrolled down,
 * or a key was used in it a moment ago. At its top and idle it flows.
 */
export function useStillness() {
  const [pointed, setPointed] = useState(false);
  const [scrolled, setScrolled] = useState(false);
  const [busy, setBusy] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);

  const touch = () => {
    setBusy(true);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setBusy(false), idleAfter);
  };
  return {
    still: pointed || scrolled || busy,
    touch,
    // A finger has no place of its own between touches: its touch counts as use, not as hovering.
    onPointerEnter: (e: PointerEvent) => (e.pointerType === "mouse" ? setPointed(true) : touch()),
    onPointerLeave: () => setPointed(false),
    onScroll: (e: UIEvent<HTMLElement>) => setScrolled(e.currentTarget.scrollTop > top),
  };
}
