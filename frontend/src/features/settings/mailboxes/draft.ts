import type { Mailbox, MailboxFields, MailServer } from "../../../api/types";

/** What the form holds: everything that may be said, secrets empty until typed. */
export interface Draft {
  brand: string;
  team: string;
  address: string;
  aliases: string;
  displayName: string;
  signature: string;
  acknowledges: boolean;
  undo: string;
  isDefault: boolean;
  active: boolean;
  imap: MailServer;
  folder: string;
  since: string;
  smtp: MailServer;
  auth: Mailbox["auth"];
  secret: string;
  tokenURL: string;
  clientID: string;
  clientSecret: string;
  dkimDomain: string;
  dkimSelector: string;
}

/** The form of a mailbox, or of a new one that fetches from today on. */
export function draftOf(m: Mailbox | undefined, brand: number, today: string): Draft {
  return {
    brand: String(m?.brand_id ?? brand),
    team: String(m?.team_id ?? 0),
    address: m?.address ?? "",
    aliases: m?.aliases.join("\n") ?? "",
    displayName: m?.display_name ?? "",
    signature: m?.signature ?? "",
    acknowledges: m?.acknowledges ?? true,
    undo: String(m?.undo_seconds ?? 10),
    isDefault: m?.default ?? false,
    active: m?.active ?? true,
    imap: m?.imap ?? { host: "", port: 993, security: "tls", user: "" },
    folder: m?.folder ?? "INBOX",
    since: m ? (m.since ?? "") : today,
    smtp: m?.smtp ?? { host: "", port: 587, security: "starttls", user: "" },
    auth: m?.auth ?? "password",
    secret: "",
    tokenURL: m?.token_url ?? "",
    clientID: m?.client_id ?? "",
    clientSecret: "",
    dkimDomain: m?.dkim_domain ?? "",
    dkimSelector: m?.dkim_selector ?? "",
  };
}

/** What is sent: a secret only when one was typed. */
export function fieldsOf(d: Draft): MailboxFields {
  return {
    brand_id: Number(d.brand),
    team_id: Number(d.team),
    address: d.address.trim(),
    aliases: d.aliases.split(/[\s,;]+/).filter(Boolean),
    display_name: d.displayName,
    signature: d.signature,
    acknowledges: d.acknowledges,
    undo_seconds: Number(d.undo),
    default: d.isDefault,
    active: d.active,
    imap: d.imap,
    folder: d.folder.trim() || "INBOX",
    since: d.since,
    smtp: d.smtp,
    auth: d.auth,
    token_url: d.tokenURL.trim(),
    client_id: d.clientID.trim(),
    dkim_domain: d.dkimDomain.trim(),
    dkim_selector: d.dkimSelector.trim(),
    ...(d.secret && { secret: d.secret }),
    ...(d.clientSecret && { client_secret: d.clientSecret }),
  };
}

/** Which stored secrets may not go where the draft would now send them; the server asks for the same. */
export function distrusted(m: Mailbox | undefined, d: Draft): { secret: boolean; clientSecret: boolean } {
  if (!m) return { secret: false, clientSecret: false };
  const known = [m.imap, m.smtp];
  const trusted = (s: MailServer) => {
    const host = s.host.trim().toLowerCase();
    return (
      host === "" || known.some((k) => k.host === host && (s.security !== "none" || k.security === "none"))
    );
  };
  const url = d.tokenURL.trim();
  const token = url === "" || url === m.token_url;
  return {
    secret: m.has_secret && !(d.auth === m.auth && trusted(d.imap) && trusted(d.smtp) && token),
    clientSecret: m.has_client_secret && !token,
  };
}

const ports = { imap: { tls: 993, starttls: 143, none: 143 }, smtp: { tls: 465, starttls: 587, none: 25 } };

/** Another protection brings its usual port, unless the port was one of the company's own. */
export function secured(kind: "imap" | "smtp", s: MailServer, security: MailServer["security"]): MailServer {
  const usual = ports[kind];
  return { ...s, security, port: s.port === usual[s.security] ? usual[security] : s.port };
}
