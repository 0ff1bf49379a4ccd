import { X } from "lucide-react";
import { create } from "zustand";
import type { CommandId } from "../lib/commands";
import { useText } from "../lib/i18n";
import { Button, IconButton } from "./Button";
import { Kbd } from "./Kbd";
import styles from "./toast.module.css";

interface ToastAction {
  name: string;
  /** The command that does the same. */
  command?: CommandId;
  run: () => void;
}

/** Where a toast leads. */
interface ToastLink {
  name: string;
  href: string;
}

interface Told {
  id: number;
  text: string;
  urgent: boolean;
  action?: ToastAction;
  link?: ToastLink;
}

const shown = 3;
const stay = 7000;
let nextId = 1;

const useToasts = create<{ toasts: Told[] }>()(() => ({ toasts: [] }));

const dismiss = (id: number) => useToasts.setState((s) => ({ toasts: s.toasts.filter((x) => x.id !== id) }));

/** What can still be done with a toast that was shown. */
export interface Shown {
  say: (text: string) => void;
  dismiss: () => void;
}

/** Tells something that needs no answer. The newest three stay visible; a failure stays until it is closed. */
export function toast(
  text: string,
  options: { urgent?: boolean; action?: ToastAction; link?: ToastLink; stay?: number } = {},
): Shown {
  const { urgent = false, action, link } = options;
  const told = { id: nextId++, text, urgent, action, link };
  useToasts.setState((s) => ({ toasts: [...s.toasts, told].slice(-shown) }));
  if (!told.urgent) setTimeout(() => dismiss(told.id), options.stay ?? stay);
  return {
    say: (next) =>
      useToasts.setState((s) => ({
        toasts: s.toasts.map((x) => (x.id === told.id ? { ...x, text: next } : x)),
      })),
    dismiss: () => dismiss(told.id),
  };
}

/** A failure of something that was tried, in the words of the server. */
export const toastError = (error: unknown): void => {
  toast(error instanceof Error ? error.message : String(error), { urgent: true });
};

/** Where toasts appear. Two live regions exist from the start, or readers would miss the first one. */
export function Toasts({ onFollow }: { onFollow: (href: string) => void }) {
  const toasts = useToasts((s) => s.toasts);
  return (
    <div className={styles.stack}>
      <div aria-live="assertive">
        {toasts
          .filter((x) => x.urgent)
          .map((x) => (
            <Toast key={x.id} {...x} onFollow={onFollow} />
          ))}
      </div>
      <div aria-live="polite">
        {toasts
          .filter((x) => !x.urgent)
          .map((x) => (
            <Toast key={x.id} {...x} onFollow={onFollow} />
          ))}
      </div>
    </div>
  );
}

function Toast({ id, text, action, link, onFollow }: Told & { onFollow: (href: string) => void }) {
  const t = useText();
  return (
    <div className={styles.toast}>
      <p>{text}</p>
      {action && (
        <Button
          look="quiet"
          onClick={() => {
            action.run();
            dismiss(id);
          }}
        >
          {action.name} {action.command && <Kbd command={action.command} />}
        </Button>
      )}
      {link && (
        <a
          href={link.href}
          onClick={(event) => {
            if (event.ctrlKey || event.metaKey || event.shiftKey) return;
            event.preventDefault();
            onFollow(link.href);
            dismiss(id);
          }}
        >
          {link.name}
        </a>
      )}
      <IconButton label={t("ui.close")} icon={<X />} onClick={() => dismiss(id)} />
    </div>
  );
}
