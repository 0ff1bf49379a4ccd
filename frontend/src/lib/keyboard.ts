import { useEffect } from "react";
import { anywhereKey, type CommandId, canRun, commandIds, commands, run } from "./commands";

const sequencePause = 1000;
const textInputs = new Set(["text", "search", "email", "password", "tel", "url", "number"]);

const isModifier = (key: string) => ["Shift", "Control", "Alt", "AltGraph", "Meta", "Dead"].includes(key);

/** Whether the person is writing there: single letters belong to the text. */
function isWriting(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (
    target.isContentEditable ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement
  )
    return true;
  return target instanceof HTMLInputElement && textInputs.has(target.type);
}

/** A menu or dialog keeps the keyboard to itself while it is open. */
const isFloating = (target: EventTarget | null) =>
  target instanceof Element && target.closest("[role=dialog],[role=menu],[role=listbox]") !== null;

let held = 0;

/** While something that takes the keyboard is open or on its way, a letter must not reach what lies under it. */
export function useHeldLetters(active: boolean): void {
  useEffect(() => {
    if (!active) return;
    held++;
    return () => {
      held--;
    };
  }, [active]);
}

/** What keeps the focus to itself must give it up for what comes over everything. */
const closeFloating = () =>
  document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));

/** Enter on a button presses the button. */
const pressesItself = (event: KeyboardEvent) =>
  event.key === "Enter" &&
  event.target instanceof Element &&
  event.target.closest("button,a,summary") !== null;

/**
 * Listens for commands. Keys are matched by `event.key`, the character itself:
 * on ABNT2 `/` and `?` need AltGr on some layouts, `´` and `~` are dead keys, and
 * a physical code would name the wrong key. Anything being composed is left alone.
 */
export function listenForCommands(lettersOn: () => boolean): () => void {
  let typed: string[] = [];
  let forget: ReturnType<typeof setTimeout> | undefined;

  const reset = () => {
    typed = [];
    clearTimeout(forget);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing || isModifier(event.key)) return;
    // Windows reports AltGr as Ctrl and Alt together. A sign written with it counts, a letter does not.
    const altGr = event.getModifierState?.("AltGraph") ?? false;
    if (altGr ? /^[\p{L}\p{N}]$/u.test(event.key) : event.altKey) return reset();
    const mod = !altGr && (event.ctrlKey || event.metaKey);
    if (mod) {
      const chord = ["Mod", ...(event.shiftKey ? ["Shift"] : []), event.key.toLowerCase()].join(" ");
      const found = commandIds.find((id) => commands[id].keys.join(" ") === chord);
      if (found && run(found)) event.preventDefault();
      return reset();
    }
    const everywhere =
      mod || event.shiftKey ? undefined : commandIds.find((id) => anywhereKey(id) === event.key);
    if (everywhere && canRun(everywhere)) {
      event.preventDefault();
      if (held > 0) closeFloating();
      run(everywhere);
      return reset();
    }
    if (
      held > 0 ||
      !lettersOn() ||
      isWriting(event.target) ||
      isFloating(event.target) ||
      pressesItself(event)
    ) {
      return reset();
    }
    typed.push(event.key);
    const matching = (id: CommandId) => typed.every((key, at) => commands[id].keys[at] === key) && canRun(id);
    let candidates = commandIds.filter(matching);
    if (candidates.length === 0 && typed.length > 1) {
      typed = [event.key];
      candidates = commandIds.filter(matching);
    }
    const whole = candidates.find((id) => commands[id].keys.length === typed.length);
    if (whole) {
      if (run(whole)) event.preventDefault();
      return reset();
    }
    clearTimeout(forget);
    if (candidates.length === 0) return reset();
    event.preventDefault();
    forget = setTimeout(reset, sequencePause);
  };

  document.addEventListener("keydown", onKeyDown);
  return () => {
    reset();
    document.removeEventListener("keydown", onKeyDown);
  };
}
