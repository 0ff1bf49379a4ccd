import { Popover } from "@base-ui/react/popover";
import type { RefObject } from "react";
import { useText } from "../../lib/i18n";
import styles from "./DeadlineCard.module.css";
import { Explanation } from "./Explanation";

interface CardProps {
  ticketId: number;
  anchor: RefObject<HTMLElement | null>;
  /** Opened by a press: the focus goes in and comes back. */
  focused: boolean;
  onClose: () => void;
  onPointerEnter: () => void;
  onPointerLeave: () => void;
}

/** The floating explanation of a deadline. */
export default function DeadlineCard({ ticketId, anchor, focused, onClose, ...pointer }: CardProps) {
  const t = useText();
  return (
    <Popover.Root open onOpenChange={(open) => !open && onClose()}>
      <Popover.Portal>
        <Popover.Positioner anchor={anchor} sideOffset={6} align="end" className={styles.positioner}>
          <Popover.Popup
            key={String(focused)}
            className={styles.popup}
            initialFocus={focused}
            finalFocus={focused ? anchor : false}
            aria-label={t("deadline.why")}
            {...pointer}
          >
            <Explanation ticketId={ticketId} />
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}
