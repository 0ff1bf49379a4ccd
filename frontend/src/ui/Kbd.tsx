import { anywhereKey, type CommandId, commands } from "../lib/commands";
import { usePrefs } from "../lib/prefs";
import styles from "./Kbd.module.css";

const mac = /Mac|iPhone|iPad/.test(navigator.userAgent);
const names: Record<string, string> = {
  Mod: mac ? "⌘" : "Ctrl",
  Escape: "Esc",
  Enter: "↵",
};

/** A capital is written with Shift, and shown so. */
const letter = (key: string) => (/^[A-Z]$/.test(key) ? `⇧${key}` : key.toUpperCase());

export const keyName = (key: string) => names[key] ?? (key.length === 1 ? letter(key) : key);

/** The keys of a command. Nothing when single letters are switched off: a hint must be true. */
export function Kbd({ command }: { command: CommandId }) {
  const letters = usePrefs((p) => p.shortcuts);
  const keys: readonly string[] = commands[command].keys;
  const anywhere = anywhereKey(command);
  if (anywhere) return <Keys keys={[anywhere]} />;
  if (!letters && keys[0] !== "Mod") return null;
  return <Keys keys={keys} />;
}

export function Keys({ keys }: { keys: readonly string[] }) {
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a kbd takes no focus; the name of its button says enough
    <kbd className={styles.keys} aria-hidden="true">
      {keys.map(keyName).join(" ")}
    </kbd>
  );
}
