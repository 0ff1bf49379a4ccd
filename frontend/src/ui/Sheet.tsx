import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { useText } from "../lib/i18n";
import { useHeldLetters } from "../lib/keyboard";
import { IconButton } from "./Button";
import styles from "./Sheet.module.css";

interface SheetProps {
  onClose: () => void;
  title: string;
  /** Beside the title. */
  aside?: ReactNode;
  children: ReactNode;
}

/** What needs more room than its place beside the work: it comes over the right side, and goes with Escape. */
export function Sheet({ onClose, title, aside, children }: SheetProps) {
  const t = useText();
  useHeldLetters(true);
  return (
    <Base.Root open onOpenChange={(next) => !next && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={styles.backdrop} />
        <Base.Popup className={`${styles.sheet} quiet-scroll`}>
          <header className={styles.head}>
            <Base.Title className={styles.title}>{title}</Base.Title>
            {aside}
            <Base.Close render={<IconButton label={t("ui.close")} icon={<X />} />} />
          </header>
          <div className={styles.body}>{children}</div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
