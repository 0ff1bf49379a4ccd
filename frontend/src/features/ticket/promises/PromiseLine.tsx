import { useQuery } from "@tanstack/react-query";
import { CalendarClock } from "lucide-react";
import { useEffect, useState } from "react";
import { useText } from "../../../lib/i18n";
import { dayAndTime } from "../../../lib/time";
import { Button } from "../../../ui/Button";
import { type FoundPromise, findPromises, type Meant, type Pledge } from "./api";
import styles from "./promises.module.css";

/** How long nobody has typed when the text is looked through. */
const pause = 600;

/** A text without a figure or a day's name promises nothing by a date, and is not sent to be looked through. */
const dated =
  /\d|amanh|hoje|segunda|ter[çc]a|quarta|quinta|sexta|s[áa]bado|domingo|semana|tomorrow|today|day|ma[ñn]ana|hoy/i;

interface LineProps {
  text: string;
  /** Tells what the text promises as its author has it now. */
  onPledge: (text: string, pledges: Pledge[]) => void;
  /** Tells what its author said of what was found, whatever the text has become since. */
  onMean: (said: Meant[]) => void;
}

const named = (p: FoundPromise) => `${p.text} ${p.due_at}`;

/** Says while somebody writes what their words promise; they say what is meant. */
export default function PromiseLine({ text, onPledge, onMean }: LineProps) {
  const t = useText();
  const [still, setStill] = useState(text);
  const [answers, setAnswers] = useState<Record<string, Meant>>({});
  useEffect(() => {
    const timer = setTimeout(() => setStill(text), pause);
    return () => clearTimeout(timer);
  }, [text]);
  const found =
    useQuery({
      queryKey: ["promises", "read", still],
      queryFn: () => findPromises(still),
      enabled: dated.test(still),
      staleTime: 60_000,
      retry: false,
      placeholderData: (was: FoundPromise[] | undefined) => (dated.test(still) ? was : undefined),
    }).data ?? [];
  const meant = (p: FoundPromise) => answers[named(p)]?.meant ?? p.certain;
  const answer = (p: FoundPromise) => {
    const said = { ...answers, [named(p)]: { text: p.text, due_at: p.due_at, meant: !meant(p) } };
    setAnswers(said);
    onMean(Object.values(said));
  };
  const pledges = found.filter(meant).map((p) => ({ text: p.text, due_at: p.due_at }));
  const said = JSON.stringify(pledges);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what is promised, and for which text, is news
  useEffect(() => {
    if (still === text && found.length > 0) onPledge(text, pledges);
  }, [said, still, text]);
  if (found.length === 0 || text.trim() === "") return null;
  return (
    <ul className={styles.line} aria-label={t("promise.found")}>
      {found.map((p) => (
        <li key={named(p)}>
          <CalendarClock aria-hidden />
          <span>
            {t(meant(p) ? "promise.found.is" : p.certain ? "promise.found.not" : "promise.found.maybe", {
              due: dayAndTime(p.due_at),
            })}
          </span>
          <Button look="quiet" onClick={() => answer(p)}>
            {t(meant(p) ? "promise.found.deny" : "promise.found.confirm")}
          </Button>
        </li>
      ))}
    </ul>
  );
}
