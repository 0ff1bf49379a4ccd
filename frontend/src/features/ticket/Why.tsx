import { lazy, Suspense, useRef } from "react";
import type { TicketRow } from "../../api/types";
import { useText, withTexts } from "../../lib/i18n";
import { useHoverCard } from "../../ui/useHoverCard";
import styles from "./Why.module.css";

const Card = lazy(() => withTexts(() => import("./WhyCard")));

/** Asks why a ticket is with whom it is, or with nobody. */
export function Why({ row }: { row: TicketRow }) {
  const t = useText();
  const anchor = useRef<HTMLButtonElement>(null);
  const card = useHoverCard();
  return (
    <>
      <button
        ref={anchor}
        type="button"
        className={styles.why}
        aria-haspopup="dialog"
        aria-expanded={card.open}
        {...card.anchorProps}
      >
        {t(row.assignee_id || row.holder_id ? "ticket.why" : "ticket.why.nobody")}
      </button>
      {card.open && (
        <Suspense>
          <Card row={row} anchor={anchor} onClose={card.close} {...card.popupProps} />
        </Suspense>
      )}
    </>
  );
}
