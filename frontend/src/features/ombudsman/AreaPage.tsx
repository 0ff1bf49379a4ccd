import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { ApiError } from "../../api/client";
import { useText } from "../../lib/i18n";
import { dayAndTime } from "../../lib/time";
import { Button } from "../../ui/Button";
import { FileLinks } from "../../ui/FileLinks";
import { EmptyState, ErrorState, Skeleton } from "../../ui/states";
import { toast } from "../../ui/toast";
import { type AreaRequest, areasQuery, useAnswerArea } from "./api";
import styles from "./cases.module.css";
import { TextArea } from "./TextArea";

/** What tickets and the ombudsman ask the reader's teams: the question, and nothing around it. */
export function AreaPage() {
  const t = useText();
  const asked = useQuery(areasQuery);
  if (asked.isPending) return <Skeleton rows={4} />;
  if (asked.isError) return <ErrorState error={asked.error} onRetry={() => void asked.refetch()} />;
  return (
    <div className={`${styles.page} quiet-scroll`}>
      <h1 className={styles.title}>{t("areas.title")}</h1>
      <p className={styles.quiet}>{t("areas.lead")}</p>
      {asked.data.length === 0 && <EmptyState title={t("areas.none")} />}
      <ul className={styles.asked}>
        {asked.data.map((r) => (
          <Asked key={r.id} r={r} />
        ))}
      </ul>
    </div>
  );
}

/** Why an answer was not taken: what is wrong with one of its files, or with all of it. */
const refusal = (error: Error) =>
  (error instanceof ApiError && error.problem.errors?.[0]?.detail) || error.message;

function Asked({ r }: { r: AreaRequest }) {
  const t = useText();
  const [answer, setAnswer] = useState("");
  const [files, setFiles] = useState<File[]>([]);
  const chooser = useId();
  const send = useAnswerArea();
  return (
    <li>
      <p>
        <strong>{r.team}</strong>{" "}
        <span className={styles.quiet}>
          {r.state === "open" ? t("areas.due", { at: dayAndTime(r.due) }) : t("cases.request.answered")}
        </span>
      </p>
      <p className={styles.quiet}>
        {r.customer
          ? t("areas.about", { name: r.customer, protocol: r.protocol, asker: r.asker })
          : t("areas.hidden")}
      </p>
      <p className={styles.told}>{r.body}</p>
      <FileLinks files={r.carries} label={t("areas.carries")} />
      {r.state === "answered" ? (
        <p className={styles.reply}>
          {r.answer}
          <span className={styles.quiet}>
            {r.answered_by}
            {r.files.length > 0 && ` · ${t("areas.files", { names: r.files.join(", ") })}`}
          </span>
        </p>
      ) : (
        <>
          <TextArea label={t("areas.answer")} rows={4} value={answer} onChange={setAnswer} max={10_000} />
          <div className={styles.area}>
            <label htmlFor={chooser}>{t("areas.attach")}</label>
            <input
              id={chooser}
              type="file"
              multiple
              onChange={(e) => setFiles([...(e.target.files ?? [])])}
            />
          </div>
          {send.error && (
            <p role="alert" className={styles.wrong}>
              {refusal(send.error)}
            </p>
          )}
          <Button
            look="primary"
            busy={send.isPending}
            disabled={!answer.trim()}
            onClick={() =>
              send.mutate({ id: r.id, answer, files }, { onSuccess: () => toast(t("areas.sent")) })
            }
          >
            {t("areas.send")}
          </Button>
        </>
      )}
    </li>
  );
}
