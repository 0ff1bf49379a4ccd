import { useQuery, useQueryClient } from "@tanstack/react-query";
import { BadgeCheck, UserRound } from "lucide-react";
import { type FormEvent, useDeferredValue, useState } from "react";
import { ApiError } from "../../api/client";
import type { Call, CallChange } from "../../api/types";
import { useText } from "../../lib/i18n";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/Field";
import { toastError } from "../../ui/toast";
import { candidatesQuery, changeCall } from "./api";
import styles from "./call.module.css";
import { Finder } from "./Finder";
import { whyWords } from "./words";

type Claim = NonNullable<CallChange["customer"]>;

/** Who is calling: found, registered, or nobody yet. It never holds the call up. */
export function Caller({ call }: { call: Call }) {
  const t = useText();
  const cache = useQueryClient();
  const [typed, setTyped] = useState("");
  const [making, setMaking] = useState(false);
  const said = useDeferredValue(typed.trim());
  const { data: found = [], isFetching } = useQuery(candidatesQuery(said));
  const known = call.ticket.customer_id !== null;

  const choose = (id: number) => {
    setTyped("");
    changeCall(cache, call.id, { customer: { customer_id: id } }).catch(toastError);
  };
  if (known) {
    return (
      <div className={styles.line}>
        <UserRound aria-hidden />
        <strong>{call.ticket.customer_name}</strong>
        {call.caller && <span className={`${styles.quiet} numeric`}>{call.caller}</span>}
        <Button look="quiet" onClick={() => choose(0)}>
          {t("call.caller.other")}
        </Button>
      </div>
    );
  }
  if (making) return <NewCaller call={call} typed={typed} onDone={() => setMaking(false)} />;
  const aside = (m: (typeof found)[number]) => (
    <>
      {whyWords(t, m.why)}
      {m.verified && <BadgeCheck role="img" aria-label={t("call.verified")} />}
    </>
  );
  return (
    <>
      {call.caller && (
        <p className={styles.line}>
          <UserRound aria-hidden /> <span className="numeric">{call.caller}</span>
        </p>
      )}
      {call.suggestions.length > 0 && typed === "" && (
        <ul className={styles.chips} aria-label={t("call.caller.maybe")}>
          {call.suggestions.map((m) => (
            <li key={m.customer_id}>
              <Button onClick={() => choose(m.customer_id)}>
                {m.name} <span className={styles.quiet}>{aside(m)}</span>
              </Button>
            </li>
          ))}
        </ul>
      )}
      <Finder
        label={t("call.caller.find")}
        placeholder={t("call.caller.find")}
        typed={typed}
        onType={setTyped}
        found={
          said.length < 3
            ? []
            : [
                ...found.map((m) => ({
                  id: String(m.customer_id),
                  name: m.name,
                  aside: aside(m),
                  choose: () => choose(m.customer_id),
                })),
                {
                  id: "new",
                  name: t("call.caller.new", { typed: said }),
                  aside: isFetching ? t("ui.loading") : undefined,
                  choose: () => setMaking(true),
                },
              ]
        }
      />
    </>
  );
}

/** What was typed goes to the field that it looks like. */
function guess(typed: string): Claim {
  const digits = typed.replace(/\D/g, "");
  if (typed.includes("@")) return { email: typed };
  if (digits.length >= 10 && /^[\d\s().+/-]+$/.test(typed)) {
    return /[./]/.test(typed) || digits.length === 14 ? { document: typed } : { phone: typed };
  }
  return { name: typed };
}

function NewCaller({ call, typed, onDone }: { call: Call; typed: string; onDone: () => void }) {
  const t = useText();
  const cache = useQueryClient();
  const [claim, setClaim] = useState<Claim>(() => guess(typed.trim()));
  const [error, setError] = useState<unknown>();
  const problem = error instanceof ApiError ? error : undefined;
  const set = (change: Claim) => setClaim({ ...claim, ...change });
  const save = (event: FormEvent) => {
    event.preventDefault();
    const filled = Object.fromEntries(Object.entries(claim).filter(([, v]) => v)) as Claim;
    changeCall(cache, call.id, { customer: filled }).then(onDone, setError);
  };
  return (
    <form className={styles.form} onSubmit={save}>
      <Field
        label={t("call.new.name")}
        value={claim.name ?? ""}
        onChange={(e) => set({ name: e.target.value })}
        error={problem?.field("name")}
        autoFocus
      />
      <div className={styles.pair}>
        <Field
          label={t("call.new.phone")}
          value={claim.phone ?? ""}
          onChange={(e) => set({ phone: e.target.value })}
          error={problem?.field("phone")}
          inputMode="tel"
        />
        <Field
          label={t("call.new.document")}
          value={claim.document ?? ""}
          onChange={(e) => set({ document: e.target.value })}
          error={problem?.field("document")}
        />
      </div>
      <Field
        label={t("login.email")}
        value={claim.email ?? ""}
        onChange={(e) => set({ email: e.target.value })}
        error={problem?.field("email")}
        inputMode="email"
      />
      <p className={styles.actions}>
        <Button type="submit">{t("call.new.save")}</Button>
        <Button look="quiet" onClick={onDone}>
          {t("call.cancel")}
        </Button>
      </p>
    </form>
  );
}
