import type { TextId, Translate } from "../../lib/i18n";
import { shortMoment } from "../../lib/time";
import type { OutItem } from "./api";

const whys: Record<string, TextId> = {
  automatic: "outgoing.why.automatic",
  bounced: "outgoing.why.bounced",
  bouncing: "outgoing.why.bouncing",
  broken: "outgoing.why.broken",
  cancelled: "outgoing.why.cancelled",
  deferred: "outgoing.why.deferred",
  expired: "outgoing.why.expired",
  no_address: "outgoing.why.no_address",
  no_answer: "outgoing.why.no_answer",
  no_relay: "outgoing.why.no_relay",
  node_died: "outgoing.why.node_died",
  own_address: "outgoing.why.own_address",
  preference: "outgoing.why.preference",
  quiet: "outgoing.why.quiet",
  refused: "outgoing.why.refused",
  repeated: "outgoing.why.repeated",
  suppressed: "outgoing.why.suppressed",
  too_many: "outgoing.why.too_many",
};

/** How far something has come; while all sending is held, what waits is held. */
export function stateInWords(t: Translate, o: OutItem, held: boolean): string {
  if (o.state !== "queued") return t(`outgoing.state.${o.state}`);
  if (held) return t("outgoing.state.held");
  return t(o.way === "letter" ? "outgoing.state.to_print" : "outgoing.state.queued");
}

/** Why it waits or did not go, in a sentence; empty when there is nothing to say. */
export function whyInWords(t: Translate, o: OutItem, now: number): string {
  const parts: string[] = [];
  const known = whys[o.reason];
  if (known) parts.push(t(known));
  else if (o.reason) parts.push(t("outgoing.why.other", { code: o.reason }));
  if (o.state === "queued" && o.way !== "letter" && o.attempts > 0 && o.next_try) {
    parts.push(t("outgoing.next_try", { at: shortMoment(o.next_try, now) }));
  }
  return parts.join(" ");
}
