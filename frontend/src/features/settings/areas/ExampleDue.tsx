import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useDeferredValue } from "react";
import { exampleDueQuery, type Term } from "../../../api/areas";
import { useNow } from "../../../lib/clock";
import { useText } from "../../../lib/i18n";
import { dayAndTime } from "../../../lib/time";
import styles from "../settings.module.css";

/** When a question that is asked now would be due, and the holidays on the way. */
export function ExampleDue(term: Term) {
  const t = useText();
  const asked = useNow(60_000);
  const example = useQuery({
    ...exampleDueQuery(useDeferredValue(term), asked),
    placeholderData: keepPreviousData,
    retry: false,
  });
  const holidays = new Set(
    example.data?.explanation.flatMap((i) => (!i.counted && i.reason === "holiday" ? [i.name] : [])),
  );
  return (
    <p className={styles.quiet} aria-live="polite">
      {example.isError
        ? example.error.message
        : example.data && t("area.preview", { at: dayAndTime(example.data.due) })}
      {!example.isError &&
        holidays.size > 0 &&
        ` ${t("area.preview.holidays", { names: [...holidays].join(", ") })}`}
    </p>
  );
}
