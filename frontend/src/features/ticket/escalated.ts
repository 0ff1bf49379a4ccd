import type { Happened } from "../../api/types";
import type { TextId, Translate } from "../../lib/i18n";
import { clockName } from "../../ui/deadline/words";
import type { Names } from "./describe";

interface Step {
  clock: string;
  stage: number;
  after: number;
  act: string;
  outcome: string;
}

const acts: Record<string, TextId> = {
  holder: "event.escalated.told",
  supervisors: "event.escalated.told",
  priority: "event.escalated.priority",
  reassign: "event.escalated.reassign",
};

/** What an escalation ladder did: because of which deadlines, whom it told, and what is different of the ticket. */
export function escalated(t: Translate, { data }: Happened, { people }: Names): string {
  const { steps, told } = ladderOf(data);
  const done = steps.filter((s) => s.outcome === "done");
  const furthest = new Map<string, Step>();
  for (const s of done) furthest.set(s.clock, s);
  const because = [...furthest.values()].map((s) => near(t, s)).join(", ");
  const names = told.map((id) => people.find((p) => p.id === id)?.name ?? t("event.somebody")).join(", ");
  const what = [...new Set(done.map((s) => acts[s.act]).filter((id) => id !== undefined))]
    .filter((id) => id !== "event.escalated.told" || names)
    .map((id) => t(id, { names }));
  return `${because}: ${what.join("; ")}`;
}

/** How far a deadline has come. */
export function near(t: Translate, { clock, stage, after }: Pick<Step, "clock" | "stage" | "after">): string {
  const name = clockName(t, clock);
  if (stage < 100) return t("event.warned", { clock: name, stage });
  return after > 0
    ? t("event.escalated.after", { clock: name, n: after })
    : t("event.breached", { clock: name });
}

/** The steps and the people told, as an event says them. */
export function ladderOf(data: Record<string, unknown> | null | undefined): {
  steps: Step[];
  told: number[];
} {
  const steps = Array.isArray(data?.steps) ? (data.steps as Step[]) : [];
  const told = Array.isArray(data?.told) ? (data.told as number[]) : [];
  return { steps, told };
}
