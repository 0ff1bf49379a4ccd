import { Check, Circle, Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { api, unwrap } from "../../api/client";
import { useText } from "../../lib/i18n";
import { Button, IconButton } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { toastError } from "../../ui/toast";
import { type Case, useAct } from "./api";
import styles from "./cases.module.css";
import { TextArea } from "./TextArea";

/** What the demand asks, point by point, each with its answer. */
export function PointsPart({ c, over }: { c: Case; over: boolean }) {
  const t = useText();
  const [body, setBody] = useState("");
  const ref = c.ticket.protocol;
  const add = useAct(ref, (text: string) =>
    unwrap(
      api.POST("/api/ombudsman/cases/{case}/points", {
        params: { path: { case: ref } },
        body: { body: text },
      }),
    ),
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (body.trim()) add.mutate(body, { onSuccess: () => setBody(""), onError: toastError });
  };
  const open = c.points.filter((p) => p.answer === "").length;
  return (
    <section className={styles.part} aria-labelledby="points">
      <h2 id="points">
        {t("cases.points")}{" "}
        {c.points.length > 0 && <span className={styles.count}>{t("cases.points.open", { n: open })}</span>}
      </h2>
      {c.points.length === 0 && <p className={styles.quiet}>{t("cases.points.none")}</p>}
      <ol className={styles.points}>
        {c.points.map((p) => (
          <PointLine key={p.id} c={c} point={p} over={over} />
        ))}
      </ol>
      {!over && (
        <form className={styles.inline} onSubmit={submit}>
          <Field
            label={t("cases.points.new")}
            value={body}
            onChange={(e) => setBody(e.target.value)}
            maxLength={2000}
          />
          <Button type="submit" busy={add.isPending}>
            {t("cases.add")}
          </Button>
        </form>
      )}
    </section>
  );
}

function PointLine({ c, point, over }: { c: Case; point: Case["points"][number]; over: boolean }) {
  const t = useText();
  const [answer, setAnswer] = useState(point.answer);
  const ref = c.ticket.protocol;
  const path = { params: { path: { case: ref, part: String(point.id) } } };
  const save = useAct(ref, (text: string) =>
    unwrap(api.PATCH("/api/ombudsman/cases/{case}/points/{part}", { ...path, body: { answer: text } })),
  );
  const drop = useAct(ref, () => unwrap(api.DELETE("/api/ombudsman/cases/{case}/points/{part}", path)));
  const Icon = point.answer ? Check : Circle;
  return (
    <li data-answered={point.answer ? "" : undefined}>
      <p className={styles.point}>
        <Icon aria-label={t(point.answer ? "cases.points.answered" : "cases.points.unanswered")} />
        <span>{point.body}</span>
        {!over && (
          <IconButton
            label={t("cases.points.remove")}
            icon={<Trash2 />}
            onClick={() => drop.mutate(undefined, { onError: toastError })}
          />
        )}
      </p>
      {over ? (
        <p className={styles.told}>{point.answer}</p>
      ) : (
        <>
          <TextArea
            label={t("cases.points.answer")}
            rows={2}
            value={answer}
            onChange={setAnswer}
            max={10_000}
          />
          {answer !== point.answer && (
            <Button busy={save.isPending} onClick={() => save.mutate(answer, { onError: toastError })}>
              {t("cases.save")}
            </Button>
          )}
        </>
      )}
    </li>
  );
}
