import { type PointerEvent, useEffect, useRef, useState } from "react";

const openAfter = 280;
const closeAfter = 160;

/**
 * Opens a card on hover and on press, and keeps it while the pointer is on it or
 * on its anchor. Hover alone never takes the focus; a press does, so that the
 * keyboard can read inside.
 */
export function useHoverCard() {
  const [open, setOpen] = useState<"hover" | "press">();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);

  const after = (ms: number, act: () => void) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(act, ms);
  };
  const enter = (event: PointerEvent) => {
    if (event.pointerType === "mouse") after(openAfter, () => setOpen((now) => now ?? "hover"));
  };
  const stay = () => clearTimeout(timer.current);
  const leave = () => after(closeAfter, () => setOpen((now) => (now === "hover" ? undefined : now)));
  const close = () => {
    clearTimeout(timer.current);
    setOpen(undefined);
  };
  return {
    open: open !== undefined,
    close,
    anchorProps: {
      onPointerEnter: enter,
      onPointerLeave: leave,
      onClick: () => (open === "press" ? close() : setOpen("press")),
    },
    popupProps: { focused: open === "press", onPointerEnter: stay, onPointerLeave: leave },
  };
}
