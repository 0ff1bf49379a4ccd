import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { api, unwrap } from "../../api/client";
import { teamsQuery } from "../../api/directory";
import { useText } from "../../lib/i18n";
import { dayAndTime } from "../../lib/time";
import { Button } from "../../ui/Button";
import { Field, SelectField } from "../../ui/Field";
import { toastError } from "../../ui/toast";
import { type Case, useAct } from "./api";
import styles from "./cases.module.css";
import { TextArea } from "./TextArea";

/** What is asked of the demandant, with the term in which it has to come. */
export function ComplementPart({ c }: { c: Case }) {
  const t = useText();
  const [body, setBody] = useState("");
  const [days, setDays] = useState("20");
  const ref = c.ticket.protocol;
  const ask = useAct(ref, () =>
    unwrap(
      api.POST("/api/ombudsman/cases/{case}/complement", {
        params: { path: { case: ref } },
        body: { body, days: Number(days) || 20 },
      }),
    ),
  );
  return (
    <section className={styles.part} aria-labelledby="complement">
      <h2 id="complement">{t("cases.complement")}</h2>
      {c.complement_due ? (
        <p className={styles.notice}>{t("cases.complement.until", { at: dayAndTime(c.complement_due) })}</p>
      ) : (
        <>
          <TextArea
            label={t("cases.complement.text")}
            hint={t("cases.complement.hint")}
            rows={3}
            value={body}
            onChange={setBody}
            max={10_000}
          />
          <div className={styles.inline}>
            <Field
              label={t("cases.complement.days")}
              type="number"
              min={1}
              max={90}
              value={days}
              onChange={(e) => setDays(e.target.value)}
            />
            <Button
              busy={ask.isPending}
              disabled={!body.trim()}
              onClick={() => ask.mutate(undefined, { onError: toastError, onSuccess: () => setBody("") })}
            >
              {t("cases.complement.ask")}
            </Button>
          </div>
        </>
      )}
    </section>
  );
}

function useAreaChoice(c: Case) {
  const t = useText();
  const accused = new Set(c.accused_teams.map((p) => p.id));
  const teams = (useQuery(teamsQuery).data ?? []).filter((team) => !accused.has(team.id));
  return [
    { value: "", name: t("cases.area.choose") },
    ...teams.map((team) => ({ value: String(team.id), name: team.name })),
  ];
}

/** What areas were asked: a text written for them, in which nobody is named. */
export function AreasPart({ c, over, requests }: { c: Case; over: boolean; requests: ReactNode }) {
  const t = useText();
  const options = useAreaChoice(c);
  const [team, setTeam] = useState("");
  const [body, setBody] = useState("");
  const [due, setDue] = useState("");
  const ref = c.ticket.protocol;
  const ask = useAct(ref, () =>
    unwrap(
      api.POST("/api/ombudsman/cases/{case}/requests", {
        params: { path: { case: ref } },
        body: { team_id: Number(team), body, due: new Date(`${due}T18:00:00-03:00`).toISOString() },
      }),
    ),
  );
  return (
    <section className={styles.part} aria-labelledby="areas">
      <h2 id="areas">{t("cases.areas")}</h2>
      {requests}
      {!over && (
        <details>
          <summary>{t("cases.area.team")}</summary>
          <div className={styles.form}>
            <SelectField label={t("cases.area")} value={team} onChange={setTeam} options={options} />
            <Field
              label={t("cases.area.due")}
              type="date"
              value={due}
              onChange={(e) => setDue(e.target.value)}
            />
            <TextArea
              label={t("cases.area.text")}
              hint={t("cases.area.hint")}
              rows={3}
              value={body}
              onChange={setBody}
              max={10_000}
            />
            <Button
              busy={ask.isPending}
              disabled={!team || !body.trim() || !due}
              onClick={() => ask.mutate(undefined, { onError: toastError, onSuccess: () => setBody("") })}
            >
              {t("cases.area.ask")}
            </Button>
          </div>
        </details>
      )}
    </section>
  );
}

const states = ["pending", "accepted", "rejected", "implemented"] as const;

/** What the office recommends, and what the area said to it. */
export function RecommendationsPart({ c }: { c: Case }) {
  const t = useText();
  const options = useAreaChoice(c);
  const [team, setTeam] = useState("");
  const [body, setBody] = useState("");
  const [due, setDue] = useState("");
  const ref = c.ticket.protocol;
  const add = useAct(ref, () =>
    unwrap(
      api.POST("/api/ombudsman/cases/{case}/recommendations", {
        params: { path: { case: ref } },
        body: { team_id: Number(team), body, due },
      }),
    ),
  );
  return (
    <section className={styles.part} aria-labelledby="recommendations">
      <h2 id="recommendations">{t("cases.recommendations")}</h2>
      <ul className={styles.asked}>
        {c.recommendations.map((r) => (
          <Recommendation key={r.id} c={c} r={r} />
        ))}
      </ul>
      <div className={styles.form}>
        <SelectField label={t("cases.area")} value={team} onChange={setTeam} options={options} />
        <Field label={t("cases.area.due")} type="date" value={due} onChange={(e) => setDue(e.target.value)} />
        <TextArea
          label={t("cases.recommendation.text")}
          rows={2}
          value={body}
          onChange={setBody}
          max={5_000}
        />
        <Button
          busy={add.isPending}
          disabled={!team || !body.trim() || !due}
          onClick={() => add.mutate(undefined, { onError: toastError, onSuccess: () => setBody("") })}
        >
          {t("cases.recommend")}
        </Button>
      </div>
    </section>
  );
}

function Recommendation({ c, r }: { c: Case; r: Case["recommendations"][number] }) {
  const t = useText();
  const [state, setState] = useState(r.state);
  const [reason, setReason] = useState(r.reason);
  const ref = c.ticket.protocol;
  const decide = useAct(ref, () =>
    unwrap(
      api.PATCH("/api/ombudsman/cases/{case}/recommendations/{part}", {
        params: { path: { case: ref, part: String(r.id) } },
        body: { state, reason },
      }),
    ),
  );
  return (
    <li>
      <strong>{r.team}</strong> <span className={styles.quiet}>{r.due}</span>
      <p className={styles.told}>{r.body}</p>
      <div className={styles.inline}>
        <SelectField
          label={t("cases.acceptance")}
          value={state}
          onChange={setState}
          options={states.map((s) => ({ value: s, name: t(`cases.acceptance.${s}`) }))}
        />
        <Field
          label={t("cases.acceptance.reason")}
          value={reason}
          required={state === "rejected"}
          onChange={(e) => setReason(e.target.value)}
        />
        {(state !== r.state || reason !== r.reason) && (
          <Button
            busy={decide.isPending}
            disabled={state === "rejected" && !reason.trim()}
            onClick={() => decide.mutate(undefined, { onError: toastError })}
          >
            {t("cases.save")}
          </Button>
        )}
      </div>
    </li>
  );
}
