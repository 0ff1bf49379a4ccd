import { useQuery } from "@tanstack/react-query";
import { PhoneIncoming, X } from "lucide-react";
import { useEffect } from "react";
import type { Ringing } from "../../api/types";
import { useText } from "../../lib/i18n";
import { Button, IconButton } from "../../ui/Button";
import { ringingQuery } from "./api";
import styles from "./call.module.css";
import { hangUp, newSheet, showCall } from "./sheets";
import { callTime, whyWords } from "./words";

/** A call at this desk's telephone: who it may be, and one press to begin its note. */
export function Incoming({ account, line, call }: { account: number; line: number; call: string }) {
  const t = useText();
  const { data: rings, isError } = useQuery(ringingQuery(line, call));
  const over = isError || (rings !== undefined && !(rings.mine && live.has(rings.state)));
  useEffect(() => {
    if (over) hangUp(line, call);
  }, [over, line, call]);
  if (!rings || over) return null;

  const { contact_id: contact } = rings;
  const attend = () => {
    if (contact !== null) showCall(account, contact);
    else newSheet(account, { line: String(rings.line_id), caller: rings.told });
    hangUp(line, call);
  };
  return (
    <section className={styles.card} aria-label={t("call.incoming")}>
      <PhoneIncoming aria-hidden />
      <div>
        <p className={styles.quiet} role="status">
          {t(rings.state === "ringing" ? "call.incoming.rings" : "call.incoming.talks", { line: rings.line })}
        </p>
        <strong className={rings.maybe.length > 0 ? undefined : "numeric"}>
          {who(rings) || t("call.caller.hidden")}
        </strong>
        <p className={styles.quiet}>
          {rings.maybe[0] && (
            <>
              <span className="numeric">{rings.caller}</span> · {whyWords(t, rings.maybe[0].why)}
              {rings.maybe.length > 1 && ` · ${t("call.incoming.others", { n: rings.maybe.length - 1 })}`}
            </>
          )}
          {rings.waited > 0 && (
            <span className="numeric">
              {" "}
              {t("call.incoming.waited", { time: callTime(rings.waited * 1000) })}
            </span>
          )}
        </p>
      </div>
      <Button look="primary" onClick={attend}>
        {t(contact === null ? "call.attend" : "call.attend.note")}
      </Button>
      <IconButton label={t("ui.close")} icon={<X />} onClick={() => hangUp(line, call)} />
    </section>
  );
}

const live = new Set<Ringing["state"]>(["ringing", "talking"]);

const who = (rings: Ringing) => rings.maybe[0]?.name ?? rings.caller;
