import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { type CommandId, commands } from "../lib/commands";
import { Kbd } from "./Kbd";
import styles from "./Tooltip.module.css";

const delay = 450;
const gap = 6;

/** Marks an element whose name is shown on hover and focus, with its key beside it. */
export const tip = (text: string, command?: CommandId) => ({ "data-tip": text, "data-tip-command": command });

interface Shown {
  anchor: HTMLElement;
  text: string;
  command: CommandId | undefined;
}

/**
 * The one tooltip of the desk. Whatever carries `tip(…)` gets it by delegation,
 * so a list of a thousand buttons costs two listeners. It only repeats the
 * accessible name of its anchor, hence hidden from readers.
 */
export function TooltipHost() {
  const [shown, setShown] = useState<Shown>();
  const box = useRef<HTMLDivElement>(null);

  useEffect(() => {
    let wait: ReturnType<typeof setTimeout> | undefined;
    const hide = () => {
      clearTimeout(wait);
      setShown(undefined);
    };
    const show = (target: EventTarget | null, after: number) => {
      const anchor = target instanceof Element ? target.closest<HTMLElement>("[data-tip]") : null;
      if (!anchor) return;
      clearTimeout(wait);
      const { tip: text = "", tipCommand } = anchor.dataset;
      const command = tipCommand && tipCommand in commands ? (tipCommand as CommandId) : undefined;
      wait = setTimeout(() => anchor.isConnected && setShown({ anchor, text, command }), after);
    };
    const over = (event: PointerEvent) => event.pointerType === "mouse" && show(event.target, delay);
    const out = (event: PointerEvent) => {
      // The pointer may travel onto the tooltip itself to read it.
      if (!(event.relatedTarget instanceof Node && box.current?.contains(event.relatedTarget))) hide();
    };
    const focus = (event: FocusEvent) =>
      event.target instanceof Element && event.target.matches(":focus-visible") && show(event.target, 0);

    document.addEventListener("pointerover", over);
    document.addEventListener("pointerout", out);
    document.addEventListener("focusin", focus);
    document.addEventListener("focusout", hide);
    document.addEventListener("keydown", hide);
    document.addEventListener("pointerdown", hide);
    return () => {
      hide();
      document.removeEventListener("pointerover", over);
      document.removeEventListener("pointerout", out);
      document.removeEventListener("focusin", focus);
      document.removeEventListener("focusout", hide);
      document.removeEventListener("keydown", hide);
      document.removeEventListener("pointerdown", hide);
    };
  }, []);

  useLayoutEffect(() => {
    if (!shown || !box.current) return;
    const at = shown.anchor.getBoundingClientRect();
    const own = box.current.getBoundingClientRect();
    const below = at.bottom + gap + own.height < innerHeight;
    const left = Math.min(innerWidth - own.width - gap, Math.max(gap, at.left + (at.width - own.width) / 2));
    box.current.style.translate = `${left}px ${below ? at.bottom + gap : at.top - gap - own.height}px`;
  }, [shown]);

  if (!shown) return null;
  return (
    <div ref={box} className={styles.tip} aria-hidden>
      {shown.text}
      {shown.command && <Kbd command={shown.command} />}
    </div>
  );
}
