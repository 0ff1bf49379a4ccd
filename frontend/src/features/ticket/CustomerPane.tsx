import { useQuery } from "@tanstack/react-query";
import { BadgeCheck } from "lucide-react";
import { lazy, type ReactNode, Suspense } from "react";
import type { TicketDetail } from "../../api/types";
import { useNow } from "../../lib/clock";
import { useText, withTexts } from "../../lib/i18n";
import { fullDate, shortMoment } from "../../lib/time";
import { EmptyState, Skeleton } from "../../ui/states";
import { ticketQuery } from "./api";
import styles from "./CustomerPane.module.css";
import { SamePerson } from "./SamePerson";

const TurnsPart = lazy(() => withTexts(() => import("./TurnsPart")));
const DeadlinesPart = lazy(() => withTexts(() => import("./deadlines/DeadlinesPart")));
const PromisesPart = lazy(() => withTexts(() => import("./promises/PromisesPart")));
const SegmentPart = lazy(() => withTexts(() => import("./SegmentPart")));
const Retention = lazy(() => withTexts(() => import("./Retention")));
const Wishes = lazy(() => withTexts(() => import("./Wishes")));

/** Who is on the other side, as they want to be called. */
export default function CustomerPane({
  protocol,
  onOpen,
}: {
  protocol: string;
  onOpen: (protocol: string) => void;
}) {
  const t = useText();
  const { data: detail, isError } = useQuery(ticketQuery(protocol));
  const now = useNow(60_000);
  // The ticket beside it says what went wrong.
  if (!detail) return isError ? null : <Skeleton rows={4} />;
  const { customer, ticket, answers } = detail;
  const deadlines = (
    <Suspense fallback={<Skeleton rows={2} />}>
      <DeadlinesPart key={ticket.id} row={ticket} />
      <PromisesPart key={`promises ${ticket.id}`} row={ticket} />
    </Suspense>
  );
  const said = (
    <>
      {answers.length > 0 && <Answers answers={answers} />}
      <Suspense>
        <TurnsPart key={ticket.id} row={ticket} />
      </Suspense>
    </>
  );
  const kept = (
    <Suspense>
      <Retention
        key={ticket.id}
        ticketId={ticket.id}
        version={ticket.version}
        customer={customer ? { id: customer.id, name: customer.preferred_name || customer.name } : undefined}
      />
    </Suspense>
  );
  if (!customer) {
    return (
      <div className={`${styles.pane} quiet-scroll`}>
        <EmptyState title={t("customer.none")}>{t("customer.none.hint")}</EmptyState>
        {deadlines}
        {said}
        {kept}
      </div>
    );
  }
  const others = customer.recent.filter((row) => row.id !== ticket.id);
  return (
    <div className={`${styles.pane} quiet-scroll`}>
      <h2 className={styles.name}>{customer.preferred_name || customer.name}</h2>
      {customer.preferred_name && customer.preferred_name !== customer.name && (
        <p className={styles.quiet}>{t("customer.registered_as", { name: customer.name })}</p>
      )}
      <p className={styles.quiet}>{t("customer.since", { date: fullDate(customer.since) })}</p>
      {customer.legal_priority > 0 && (
        <p className={styles.priority}>
          {t(`customer.legal_priority.${customer.legal_priority as 1 | 2 | 3}`)}
        </p>
      )}

      <Suspense>
        <SegmentPart key={customer.id} row={ticket} customer={customer} />
      </Suspense>
      {deadlines}

      <SamePerson customerId={customer.id} />

      {customer.identities.length > 0 && (
        <Section title={t("customer.identities")}>
          <dl className={styles.pairs}>
            {customer.identities.map((identity) => (
              <Pair key={identity.kind + identity.value_masked} name={t(`identity.${identity.kind}`)}>
                <span className="numeric">{identity.value_masked}</span>
                {identity.verified && <BadgeCheck role="img" aria-label={t("identity.verified")} />}
              </Pair>
            ))}
          </dl>
        </Section>
      )}
      {(customer.contract || customer.products.length > 0) && (
        <Section title={t("customer.products")}>
          <ul>
            {customer.products.map((product) => (
              <li key={product}>{product}</li>
            ))}
            {customer.contract && (
              <li className={styles.quiet}>{t("customer.contract", { contract: customer.contract })}</li>
            )}
          </ul>
        </Section>
      )}
      {said}
      <Suspense>
        <Wishes key={customer.id} customerId={customer.id} />
      </Suspense>
      <Section title={t("customer.recent")}>
        {others.length === 0 ? (
          <p className={styles.quiet}>{t("customer.recent.none")}</p>
        ) : (
          <ul className={styles.recent}>
            {others.map((row) => (
              <li key={row.id}>
                <a
                  href={`/fila?t=${row.protocol}`}
                  onClick={(e) => {
                    if (e.ctrlKey || e.metaKey || e.shiftKey) return;
                    e.preventDefault();
                    onOpen(row.protocol);
                  }}
                >
                  {row.subject}
                </a>
                <span>
                  {t(`status.${row.status}`)} · {shortMoment(row.opened_at, now)}
                </span>
              </li>
            ))}
          </ul>
        )}
      </Section>
      {kept}
    </div>
  );
}

const numeric = ["nfe", "cpf", "cnpj", "cpf_or_cnpj", "phone", "money", "number", "date"];

/** What the form asked and the customer answered, in the form's order; long answers keep their lines. */
function Answers({ answers }: { answers: TicketDetail["answers"] }) {
  const t = useText();
  return (
    <Section title={t("ticket.fields")}>
      <dl className={styles.pairs}>
        {answers.map(({ label, value, type }) => (
          <Pair key={label} name={label}>
            {numeric.includes(type) ? (
              <span className="numeric">{value}</span>
            ) : (
              <span className={styles.answer}>{value}</span>
            )}
          </Pair>
        ))}
      </dl>
    </Section>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={styles.section}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function Pair({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
