import { useState } from "react";
import { api, unwrap } from "../../api/client";
import { useMe } from "../../api/session";
import { useText } from "../../lib/i18n";
import { dayAndTime } from "../../lib/time";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { toast, toastError } from "../../ui/toast";
import { type Case, useAct } from "./api";
import styles from "./cases.module.css";
import { TextArea } from "./TextArea";

/** The conclusive answer: written by one person, signed and sent by another. */
export function AnswerPart({ c, over }: { c: Case; over: boolean }) {
  const t = useText();
  const me = useMe();
  const ref = c.ticket.protocol;
  const path = { params: { path: { case: ref } } };
  const [body, setBody] = useState(c.draft?.body ?? "");
  const [remark, setRemark] = useState("");
  const version = c.draft?.version ?? 0;
  const write = useAct(ref, (review: boolean) =>
    unwrap(api.POST("/api/ombudsman/cases/{case}/draft", { ...path, body: { body, version, review } })),
  );
  const giveBack = useAct(ref, () =>
    unwrap(api.POST("/api/ombudsman/cases/{case}/return", { ...path, body: { remark } })),
  );
  const sign = useAct(ref, () =>
    unwrap(api.POST("/api/ombudsman/cases/{case}/sign", { ...path, body: { version } })),
  );
  const busy = write.isPending || sign.isPending || giveBack.isPending;
  const inReview = c.draft?.state === "review" && body === c.draft.body;
  const mine = c.draft?.author_id === me.id;
  return (
    <section className={styles.part} aria-labelledby="answer">
      <h2 id="answer">{t("cases.answer")}</h2>
      {c.draft && (
        <p className={styles.quiet}>
          {t(`cases.draft.${c.draft.state}`)} · {c.draft.author} · {dayAndTime(c.draft.updated_at)}
        </p>
      )}
      {c.draft?.remark && <p className={styles.notice}>{c.draft.remark}</p>}
      {over ? (
        <div className={styles.letter}>{c.draft?.body ?? t("cases.archived.hint")}</div>
      ) : (
        <>
          <TextArea label={t("cases.answer.text")} rows={12} value={body} onChange={setBody} max={50_000} />
          <div className={styles.buttons}>
            {inReview ? (
              <Button
                look="primary"
                busy={busy}
                disabled={mine}
                onClick={() =>
                  sign.mutate(undefined, { onError: toastError, onSuccess: () => toast(t("cases.signed")) })
                }
              >
                {t("cases.sign")}
              </Button>
            ) : (
              <>
                <Button
                  busy={busy}
                  disabled={!body.trim()}
                  onClick={() => write.mutate(false, { onError: toastError })}
                >
                  {t("cases.draft.save")}
                </Button>
                <Button
                  look="primary"
                  busy={busy}
                  disabled={!body.trim()}
                  onClick={() => write.mutate(true, { onError: toastError })}
                >
                  {t("cases.draft.give")}
                </Button>
              </>
            )}
          </div>
          {inReview && mine && <p className={styles.quiet}>{t("cases.sign.other")}</p>}
          {inReview && !mine && (
            <div className={styles.inline}>
              <Field
                label={t("cases.return.remark")}
                value={remark}
                onChange={(e) => setRemark(e.target.value)}
              />
              <Button
                busy={busy}
                disabled={!remark.trim()}
                onClick={() =>
                  giveBack.mutate(undefined, { onError: toastError, onSuccess: () => setRemark("") })
                }
              >
                {t("cases.return")}
              </Button>
            </div>
          )}
        </>
      )}
    </section>
  );
}
