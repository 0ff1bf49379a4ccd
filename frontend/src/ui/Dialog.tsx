import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { useText } from "../lib/i18n";
import { useHeldLetters } from "../lib/keyboard";
import { IconButton } from "./Button";
import styles from "./Dialog.module.css";

interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
  /** The title is for screen readers only, as in the palette. */
  bare?: boolean;
  wide?: boolean;
}

export function Dialog({ open, onClose, title, children, bare, wide }: DialogProps) {
  const t = useText();
  useHeldLetters(open);
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={styles.backdrop} forceRender />
        <Base.Popup className={wide ? `${styles.popup} ${styles.wide}` : styles.popup}>
          {bare ? (
            <Base.Title className="visually-hidden">{title}</Base.Title>
          ) : (
            <header className={styles.head}>
              <Base.Title className={styles.title}>{title}</Base.Title>
              <Base.Close render={<IconButton label={t("ui.close")} icon={<X />} />} />
            </header>
          )}
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
