import { useQuery } from "@tanstack/react-query";
import { ArrowLeft } from "lucide-react";
import { type ReactNode, useRef } from "react";
import { api, unwrap } from "../../api/client";
import type { TicketRow } from "../../api/types";
import { useText } from "../../lib/i18n";
import { dayAndTime } from "../../lib/time";
import { DeadlineChip } from "../../ui/deadline/DeadlineChip";
import { CheckField, SelectField } from "../../ui/Field";
import { ErrorState, Skeleton } from "../../ui/states";
import { toastError } from "../../ui/toast";
import { AccusedPart } from "./AccusedPart";
import { AnswerPart } from "./AnswerPart";
import { AreasPart, ComplementPart, RecommendationsPart } from "./AskParts";
import { type Case, caseQuery, useAct } from "./api";
import styles from "./cases.module.css";
import { PointsPart } from "./PointsPart";

interface CaseProps {
  protocol: string;
  onBack: () => void;
  /** Shows what the person has written, as the ticket has it. */
  demand: (ticketId: number) => ReactNode;
  /** What areas were asked and said, and where more is asked while the case is open. */
  requests: (row: TicketRow, over: boolean, onAsked: () => void) => ReactNode;
}

/** A case: what is asked on the left, the answer in preparation beside it, what was done below. */
export function CasePage({ protocol, onBack, demand, requests }: CaseProps) {
  const t = useText();
  const found = useQuery(caseQuery(protocol));
  if (found.isPending) return <Skeleton rows={8} />;
  if (found.isError) return <ErrorState error={found.error} onRetry={() => void found.refetch()} />;
  const c = found.data;
  const over = c.concluded_at !== null || c.archived_at !== null;
  return (
    <div className={`${styles.page} quiet-scroll`}>
      <p>
        <a
          href="/casos"
          className={styles.back}
          onClick={(e) => {
            e.preventDefault();
            onBack();
          }}
        >
          <ArrowLeft aria-hidden /> {t("cases.title")}
        </a>
      </p>
      <header className={styles.head}>
        <h1 className={styles.title}>{c.ticket.subject}</h1>
        <DeadlineChip row={c.ticket} />
      </header>
      <Facts c={c} />
      <div className={styles.columns}>
        <div>
          {demand(c.ticket.id)}
          <PointsPart c={c} over={over} />
          <VerdictPart c={c} over={over} />
        </div>
        <div>
          <AnswerPart c={c} over={over} />
          {!over && <ComplementPart c={c} />}
        </div>
      </div>
      <AccusedPart c={c} />
      <AreasPart c={c} over={over} requests={requests(c.ticket, over, () => void found.refetch())} />
      <RecommendationsPart c={c} />
      <Trail c={c} />
    </div>
  );
}

function Facts({ c }: { c: Case }) {
  const t = useText();
  const accused = [...c.accused_teams, ...c.accused_accounts].map((p) => p.name);
  return (
    <dl className={styles.facts}>
      <Fact name={t("cases.protocol")} value={c.ticket.protocol} />
      <Fact
        name={t("cases.from")}
        value={
          c.confidentiality === "anonymous"
            ? t("cases.secrecy.anonymous")
            : [c.ticket.customer_name, ...Object.values(c.from)].filter(Boolean).join(" · ") || "–"
        }
      />
      <Fact name={t("cases.secrecy")} value={t(`cases.secrecy.${c.confidentiality}`)} />
      <div>
        <dt>{t("cases.sac")}</dt>
        <dd>
          {c.sac ? (
            <a href={`/fila?view=all&t=${c.sac.protocol}`}>{c.sac.protocol}</a>
          ) : (
            c.sac_protocol || t("cases.sac.none")
          )}
        </dd>
      </div>
      <div>
        <dt>{t("cases.talk")}</dt>
        <dd>
          <a href={`/fila?view=all&t=${c.ticket.protocol}`}>{t("cases.talk.open")}</a>
        </dd>
      </div>
      {accused.length > 0 && <Fact name={t("cases.accused")} value={accused.join(", ")} />}
    </dl>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

const merits = ["", "founded", "partly", "unfounded"] as const;
const results = ["", "solved", "unsolved", "unsolvable", "withdrawn", "duplicate", "not_ours"] as const;
const consumerViews = ["", "solved", "partly", "unsolved"] as const;

function VerdictPart({ c, over }: { c: Case; over: boolean }) {
  const t = useText();
  const act = useAct(
    c.ticket.protocol,
    (v: Pick<Case, "merit" | "result" | "consumer_view" | "reverses_sac">) =>
      unwrap(
        api.POST("/api/ombudsman/cases/{case}/verdict", {
          params: { path: { case: c.ticket.protocol } },
          body: v,
        }),
      ),
  );
  const unsaved = useRef<Partial<Pick<Case, "merit" | "result" | "consumer_view" | "reverses_sac">>>({});
  const change = (part: Partial<Case>) => {
    // What was chosen a moment ago is not in c yet, and must not be unsaid.
    const chosen = { ...unsaved.current, ...part };
    unsaved.current = chosen;
    const { merit, result, consumer_view, reverses_sac } = { ...c, ...chosen };
    const settled = () => {
      if (unsaved.current === chosen) unsaved.current = {};
    };
    act.mutate({ merit, result, consumer_view, reverses_sac }, { onError: toastError, onSettled: settled });
  };
  return (
    <section className={styles.part} aria-labelledby="verdict">
      <h2 id="verdict">{t("cases.verdict")}</h2>
      <fieldset className={styles.fields} disabled={over && act.isPending}>
        <legend className="visually-hidden">{t("cases.verdict")}</legend>
        <SelectField
          label={t("cases.merit")}
          value={c.merit}
          onChange={(merit) => change({ merit })}
          options={merits.map((m) => ({ value: m, name: m ? t(`cases.merit.${m}`) : t("cases.undecided") }))}
        />
        <SelectField
          label={t("cases.result")}
          value={c.result}
          onChange={(result) => change({ result })}
          options={results.map((r) => ({
            value: r,
            name: r ? t(`cases.result.${r}`) : t("cases.undecided"),
          }))}
        />
        <SelectField
          label={t("cases.view")}
          value={c.consumer_view}
          onChange={(consumer_view) => change({ consumer_view })}
          options={consumerViews.map((v) => ({
            value: v,
            name: v ? t(`cases.view.${v}`) : t("cases.unknown"),
          }))}
        />
        {(c.sac || c.sac_protocol) && (
          <CheckField
            label={t("cases.reverses")}
            checked={c.reverses_sac}
            onChange={(reverses_sac) => change({ reverses_sac })}
          />
        )}
      </fieldset>
    </section>
  );
}

function Trail({ c }: { c: Case }) {
  const t = useText();
  return (
    <section className={styles.part} aria-labelledby="trail">
      <h2 id="trail">{t("cases.trail")}</h2>
      <ol className={styles.trail}>
        {c.trail.map((line, n) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the trail only grows at its end
          <li key={n}>
            <span className={styles.quiet}>{dayAndTime(line.at)}</span>{" "}
            {t(`cases.act.${line.act}` as "cases.act.opened")}
            {line.name && ` · ${line.name}`}
          </li>
        ))}
      </ol>
    </section>
  );
}
