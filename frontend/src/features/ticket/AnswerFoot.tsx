import { useQueryClient } from "@tanstack/react-query";
import type { TicketRow } from "../../api/types";
import { useText } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { CheckField } from "../../ui/Field";
import { owed } from "./api";
import styles from "./reach.module.css";
import type { useOtherAnswer } from "./useOtherAnswer";

interface AnswerFootProps {
  row: TicketRow;
  answer: ReturnType<typeof useOtherAnswer>;
  ready: boolean;
  /** What the button says. */
  send: string;
}

/** How an answer by another way ends: whether it settles the matter, what went wrong, and sending. */
export function AnswerFoot({ row, answer, ready, send }: AnswerFootProps) {
  const t = useText();
  const cache = useQueryClient();
  return (
    <>
      {row.status !== "resolved" && (
        <CheckField
          label={t("reach.resolve")}
          hint={t(owed(cache, row) ? "owed.hint" : "reach.resolve.hint")}
          checked={answer.resolve}
          onChange={answer.setResolve}
        />
      )}
      <footer className={styles.foot}>
        <p className={styles.failure} role="alert">
          {answer.failure}
        </p>
        <Button look="primary" type="submit" busy={answer.sending} disabled={!ready}>
          {send}
        </Button>
      </footer>
    </>
  );
}
