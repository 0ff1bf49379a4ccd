import type { Message } from "../../api/types";
import type { TextId, Translate } from "../../lib/i18n";

/** Codes of an origin's warnings that a person should read; what is not here only says how the mail was built. */
const warnings: Record<string, TextId> = {
  headers_cut: "mail.warning.headers_cut",
  recipients_cut: "mail.warning.recipients_cut",
  references_cut: "mail.warning.references_cut",
  parts_cut: "mail.warning.parts_cut",
  text_cut: "mail.warning.text_cut",
  html_cut: "mail.warning.html_cut",
  structure_broken: "mail.warning.structure_broken",
  charset_guessed: "mail.warning.charset_guessed",
  encoding_broken: "mail.warning.encoding_broken",
  encrypted: "mail.warning.encrypted",
  signed: "mail.warning.signed",
  tnef_unreadable: "mail.warning.tnef_unreadable",
  sender_unclear: "mail.warning.sender_unclear",
  sender_lookalike: "mail.warning.sender_lookalike",
  sender_name_address: "mail.warning.sender_name_address",
  thread_forged: "mail.warning.thread_forged",
  remote_images: "mail.warning.remote_images",
  date_unreadable: "mail.warning.date_unreadable",
  no_sender: "mail.warning.no_sender",
  cannot_answer: "mail.warning.cannot_answer",
  sender_forged: "mail.warning.sender_forged",
  another_sender: "mail.warning.another_sender",
  other_subject: "mail.warning.other_subject",
};

/** Those that change whom one believes to talk to. */
const grave = new Set([
  "sender_forged",
  "sender_lookalike",
  "sender_name_address",
  "sender_unclear",
  "thread_forged",
  "no_sender",
  "cannot_answer",
]);
/** Said elsewhere: on a badge, or with the images. */
const elsewhere = new Set(["another_sender", "remote_images"]);

export interface Warnings {
  grave: string[];
  plain: string[];
}

/** What is odd about a mail, in words: what must be seen at once, and what is there for whoever looks. */
export function warningsInWords(t: Translate, codes: readonly string[]): Warnings {
  const said: Warnings = { grave: [], plain: [] };
  for (const code of codes) {
    const id = warnings[code];
    if (elsewhere.has(code)) continue;
    said[grave.has(code) ? "grave" : "plain"].push(id ? t(id) : t("mail.warning.other", { code }));
  }
  return said;
}

const classes: Record<string, TextId> = {
  auto_replied: "mail.automatic.auto_replied",
  auto_reply: "mail.automatic.auto_replied",
  auto_generated: "mail.automatic.auto_generated",
  bounce: "mail.automatic.bounce",
  bulk: "mail.automatic.bulk",
  list: "mail.automatic.list",
  loop: "mail.automatic.loop",
};

/** What sort of message a machine sent. */
export const automaticInWords = (t: Translate, kind: string): string =>
  t(classes[kind] ?? "mail.automatic.auto_generated");

const waits: Record<string, TextId> = {
  deferred: "delivery.wait.deferred",
  no_answer: "delivery.wait.deferred",
  no_relay: "delivery.wait.no_relay",
  quiet: "delivery.wait.quiet",
};

const failures: Record<string, TextId> = {
  automatic: "delivery.why.automatic",
  bounced: "delivery.why.bounced",
  bouncing: "delivery.why.bouncing",
  broken: "delivery.why.broken",
  cancelled: "delivery.why.cancelled",
  expired: "delivery.why.expired",
  no_address: "delivery.why.no_address",
  no_answer: "delivery.why.no_answer",
  own_address: "delivery.why.own_address",
  preference: "delivery.why.preference",
  refused: "delivery.why.refused",
  suppressed: "delivery.why.suppressed",
};

/** Why a message of ours waits or did not arrive, and what can be done; empty when there is nothing to say. */
export function deliveryInWords(t: Translate, message: Message): string {
  const { delivery, delivery_reason: reason } = message;
  if (delivery === "undone") return t("delivery.why.undone");
  if (delivery === "queued") return waits[reason] ? t(waits[reason]) : "";
  if (delivery !== "failed") return "";
  const known = failures[reason];
  return known ? t(known) : t("delivery.why.other", { code: reason });
}
