import { useQuery } from "@tanstack/react-query";
import { Eye, EyeOff, Plus, ShieldCheck } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { arrives } from "../../lib/arrives";
import { now } from "../../lib/clock";
import { useText } from "../../lib/i18n";
import { shortMoment } from "../../lib/time";
import { Button } from "../../ui/Button";
import { DeadlineChip } from "../../ui/deadline/DeadlineChip";
import { EmptyState, ErrorState, Skeleton } from "../../ui/states";
import { Tabs } from "../../ui/Tabs";
import { toastError } from "../../ui/toast";
import { type CaseRow, casesQuery, figuresQuery, officeQuery, ticketOf, useSeat } from "./api";
import styles from "./cases.module.css";

const OpenCaseDialog = lazy(() => arrives(() => import("./OpenCaseDialog")));

const secrecy = { open: Eye, protected: ShieldCheck, anonymous: EyeOff };

/** The ombudsman's cases by deadline, with the office's figures above them. */
export function CasesPage({ onOpen }: { onOpen: (protocol: string) => void }) {
  const t = useText();
  const [state, setState] = useState<"open" | "ended">("open");
  const [writing, setWriting] = useState(false);
  return (
    <div className={`${styles.page} quiet-scroll`}>
      <header className={styles.head}>
        <h1 className={styles.title}>{t("cases.title")}</h1>
        <Button look="primary" icon={<Plus aria-hidden />} onClick={() => setWriting(true)}>
          {t("cases.new")}
        </Button>
      </header>
      <Figures />
      <Waiting />
      <Tabs
        label={t("cases.title")}
        value={state}
        onChange={setState}
        tabs={[
          { value: "open", name: t("cases.open") },
          { value: "ended", name: t("cases.ended") },
        ]}
      >
        <CaseTable state={state} onOpen={onOpen} />
      </Tabs>
      {writing && (
        <Suspense>
          <OpenCaseDialog onClose={() => setWriting(false)} onOpen={onOpen} />
        </Suspense>
      )}
    </div>
  );
}

function Figures() {
  const t = useText();
  const f = useQuery(figuresQuery).data;
  if (!f) return null;
  return (
    <dl className={styles.figures}>
      {(["open", "overdue", "in_review", "waiting_complement", "concluded", "reversals"] as const).map(
        (name) => (
          <div key={name} className={name === "overdue" && f.overdue > 0 ? styles.urgent : undefined}>
            <dt>{t(`cases.figure.${name}`)}</dt>
            <dd className="numeric">{f[name]}</dd>
          </div>
        ),
      )}
    </dl>
  );
}

/** Who asks for a place in the office, for whoever signs to decide. */
function Waiting() {
  const t = useText();
  const office = useQuery(officeQuery).data;
  const seat = useSeat();
  const pending = office?.members.filter((m) => m.pending) ?? [];
  if (pending.length === 0) return null;
  return (
    <section className={styles.notice} aria-label={t("cases.office.pending")}>
      <p>{t("cases.office.hint")}</p>
      <ul>
        {pending.map((m) => (
          <li key={m.id}>
            <strong>{m.name}</strong>
            {(["analyst", "substitute", "ombudsman"] as const).map((rank) => (
              <Button
                key={rank}
                busy={seat.isPending}
                onClick={() => seat.mutate({ id: m.id, rank }, { onError: toastError })}
              >
                {t(`cases.rank.${rank}`)}
              </Button>
            ))}
          </li>
        ))}
      </ul>
    </section>
  );
}

function CaseTable({ state, onOpen }: { state: "open" | "ended"; onOpen: (protocol: string) => void }) {
  const t = useText();
  const cases = useQuery(casesQuery(state));
  if (cases.isPending) return <Skeleton rows={6} />;
  if (cases.isError) return <ErrorState error={cases.error} onRetry={() => void cases.refetch()} />;
  if (cases.data.items.length === 0) {
    return <EmptyState title={t(`cases.none.${state}`)}>{t("cases.none.hint")}</EmptyState>;
  }
  return (
    <table className={styles.table}>
      <thead>
        <tr>
          <th scope="col">{t("breaches.deadline")}</th>
          <th scope="col">{t("cases.case")}</th>
          <th scope="col">{t("cases.points.short")}</th>
          <th scope="col">{t("cases.stage")}</th>
          <th scope="col">{t("cases.verdict")}</th>
        </tr>
      </thead>
      <tbody>
        {cases.data.items.map((row) => (
          <Line key={row.ticket_id} row={row} onOpen={onOpen} />
        ))}
      </tbody>
    </table>
  );
}

function Line({ row, onOpen }: { row: CaseRow; onOpen: (protocol: string) => void }) {
  const t = useText();
  const Secrecy = secrecy[row.confidentiality];
  return (
    <tr>
      <td>
        {row.next_due || row.paused ? (
          <DeadlineChip row={ticketOf(row)} />
        ) : (
          <span className={styles.quiet}>
            {shortMoment(row.concluded_at ?? row.archived_at ?? row.opened_at, now())}
          </span>
        )}
      </td>
      <td className={styles.ticket}>
        <a
          href={`/casos/${row.protocol}`}
          onClick={(e) => {
            if (e.ctrlKey || e.metaKey || e.shiftKey) return;
            e.preventDefault();
            onOpen(row.protocol);
          }}
        >
          {row.subject}
        </a>
        <span className={styles.quiet}>
          <Secrecy aria-hidden /> {t(`cases.secrecy.${row.confidentiality}`)} ·{" "}
          <span className="numeric">{row.protocol}</span>
          {row.customer_name && ` · ${row.customer_name}`}
        </span>
      </td>
      <td className="numeric">{row.points === 0 ? "–" : `${row.points - row.points_open}/${row.points}`}</td>
      <td>{stage(t, row)}</td>
      <td>
        {row.merit ? t(`cases.merit.${row.merit}`) : "–"}
        {row.reverses_sac && <span className={styles.quiet}>{t("cases.reverses")}</span>}
      </td>
    </tr>
  );
}

const stage = (t: ReturnType<typeof useText>, row: CaseRow) => {
  if (row.archived_at) return t("cases.stage.archived");
  if (row.concluded_at) return t("cases.stage.concluded");
  if (row.complement_due) return t("cases.stage.complement");
  if (row.requests_open > 0) return t("cases.stage.area");
  return t(
    row.draft === "review"
      ? "cases.stage.review"
      : row.draft === "draft"
        ? "cases.stage.draft"
        : "cases.stage.analysis",
  );
};
