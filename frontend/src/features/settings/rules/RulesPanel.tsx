import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import type { ApiError } from "../../../api/client";
import { teamsQuery } from "../../../api/directory";
import {
  type Change,
  type PolicyTerms,
  type Regime,
  type RegimeTerms,
  regimesQuery,
  rulesKey,
  segmentsQuery,
  termsOf,
} from "../../../api/rules";
import { useText } from "../../../lib/i18n";
import { Button } from "../../../ui/Button";
import { ErrorState, Skeleton } from "../../../ui/states";
import styles from "../settings.module.css";
import { Confirm } from "./Confirm";
import { LadderForm } from "./LadderForm";
import { PolicyForm } from "./PolicyForm";
import { RegimeForm } from "./RegimeForm";
import { type Act, RegimeItem } from "./RegimeItem";
import { TestDemand } from "./TestDemand";

const newRegime: RegimeTerms = {
  name: "",
  norm: "",
  evidence: "own",
  source: "",
  note: "",
  checked_by: "",
  checked_on: "",
  active: false,
  extension: 0,
  cap: null,
};

const newPolicy: PolicyTerms = {
  name: "",
  active: true,
  clock: "resolution",
  calendar: "br",
  amount: 5,
  unit: "business_days",
  roll: false,
  pauses: true,
  legal_ref: "",
  by_hand: false,
  valid_from: "",
  valid_to: "",
  channels: [],
  kinds: [],
  priorities: [],
  teams: [],
  segments: [],
  walled: null,
};

/** Which deadlines the company keeps: of each norm and its own, switched, changed and tried out. */
export function RulesPanel() {
  const t = useText();
  const cache = useQueryClient();
  const regimes = useQuery(regimesQuery);
  const teams = useQuery(teamsQuery);
  const segments = useQuery(segmentsQuery);
  const [act, setAct] = useState<Act | { new: "regime" }>();
  const [change, setChange] = useState<Change>();
  // What was written last, and what the server found wrong with it.
  const [draft, setDraft] = useState<Change>();
  const [wrong, setWrong] = useState<ApiError>();
  const failed = regimes.error ?? teams.error ?? segments.error;
  if (regimes.isPending || teams.isPending || segments.isPending) return <Skeleton rows={6} />;
  if (failed || !regimes.data || !teams.data || !segments.data) {
    return <ErrorState error={failed} onRetry={() => void cache.invalidateQueries({ queryKey: rulesKey })} />;
  }
  const names = { teams: teams.data, segments: segments.data };
  const close = () => {
    setAct(undefined);
    setChange(undefined);
    setDraft(undefined);
    setWrong(undefined);
  };
  const look = (next: Change) => {
    setChange(next);
    setDraft(next);
    setWrong(undefined);
  };
  const done = () => {
    close();
    void cache.invalidateQueries({ queryKey: rulesKey });
  };
  if (change) {
    return (
      <Confirm
        title={t("rules.effect.title")}
        change={change}
        onDone={done}
        onBack={() => setChange(undefined)}
        onRefused={(problem) => {
          if (!act) return;
          setWrong(problem);
          setChange(undefined);
        }}
      />
    );
  }
  if (act) {
    if ("new" in act) {
      return (
        <RegimeForm
          title={t("rules.add")}
          terms={draft?.regime ?? newRegime}
          wrong={wrong}
          onDraft={(regime) => look({ regime })}
          onClose={close}
        />
      );
    }
    if ("ladder" in act) {
      return <LadderForm regime={act.ladder} names={names} onDone={done} onClose={close} />;
    }
    if ("regime" in act) {
      const r = act.regime;
      return (
        <RegimeForm
          title={t("rules.edit", { name: r.name })}
          terms={draft?.regime ?? termsOf(r)}
          wrong={wrong}
          onDraft={(regime) => look({ regime_id: r.id, version: r.version, regime })}
          onClose={close}
        />
      );
    }
    return (
      <PolicyForm
        title={act.policy ? t("rules.edit", { name: act.policy.name }) : t("rules.policy.add")}
        terms={draft?.policy ?? (act.policy ? policyTerms(act.policy) : newPolicy)}
        wrong={wrong}
        names={names}
        onDraft={(policy) => look({ regime_id: act.of.id, policy_id: act.policy?.id, policy })}
        onClose={close}
      />
    );
  }
  const ordered = [...regimes.data].sort((a: Regime, b: Regime) => Number(b.active) - Number(a.active));
  return (
    <>
      <div className={styles.titled}>
        <div>
          <h2>{t("settings.prazos")}</h2>
          <p className={styles.quiet}>{t("rules.hint")}</p>
        </div>
        <Button look="primary" icon={<Plus aria-hidden />} onClick={() => setAct({ new: "regime" })}>
          {t("rules.add")}
        </Button>
      </div>
      <TestDemand names={names} />
      {ordered.map((r) => (
        <RegimeItem key={r.id} regime={r} names={names} onAct={setAct} onChange={setChange} />
      ))}
    </>
  );
}

function policyTerms(p: NonNullable<Extract<Act, { of: Regime }>["policy"]>): PolicyTerms {
  const { id: _id, regime_id: _regime, replaces: _replaces, ...terms } = p;
  return terms;
}
