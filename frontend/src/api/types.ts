// The shapes of the wire under the names the desk uses.
import type { components, paths } from "./schema";

type Schemas = components["schemas"];

/** What a list shows of a ticket; every live event carries one. */
export type TicketRow = Schemas["TicketRow"];
export type TicketDetail = Schemas["TicketDetail"];
export type TicketPage = Schemas["TicketPage"];
export type TicketChange = Omit<Schemas["PatchTicketBody"], "version">;
export type Status = TicketRow["status"];
export type Kind = TicketRow["kind"];
export type Channel = TicketRow["channel"];

export type TimelineItem = Schemas["Entry"];
export type Message = Schemas["Message"];
export type SavedDraft = Schemas["Draft"];
export type Origin = Schemas["Origin"];
export type Note = Schemas["Note"];
export type Happened = Schemas["Happened"];
export type DeadlineMove = Schemas["DeadlineMove"];

export type Clock = Schemas["Clock"];
export type Interval = Schemas["Interval"];
export type Upload = Schemas["Upload"];
export type Breach = Schemas["Breach"];
export type IntakeSummary = Schemas["IntakeSummary"];
export type IntakeDay = Schemas["IntakeDay"];
export type LedgerItem = Schemas["LedgerItem"];
export type LedgerFate = LedgerItem["fate"];
export type SourceHealth = Schemas["SourceHealth"];
export type HelpCall = Schemas["HelpCall"];
export type HandOver = Schemas["HandOver"];
export type Recipient = Schemas["Recipient"];
export type BreakReason = Exclude<Schemas["MyState"]["reason"], "">;
export type Call = Schemas["Call"];
export type CallChange = Omit<Schemas["PatchCallBody"], "version">;
export type CallBack = Schemas["CallBack"];
export type MaybeCaller = Schemas["MaybeCaller"];
export type Ringing = Schemas["Ringing"];
export type PhoneLine = Schemas["PhoneLine"];
export type Duty = Schemas["Duty"];
export type Customer = Schemas["Customer"];
export type CustomerSuggestion = Schemas["CustomerSuggestion"];
export type Claimed = Schemas["Claimed"];
export type Lease = Schemas["Lease"];

export type Me = Schemas["Me"];
export type Role = Me["role"];
export type Person = Schemas["Person"];
export type Account = Schemas["Account"];
export type NewAccount = Schemas["NewAccountBody"];
export type Team = Schemas["Team"];
export type Reason = Schemas["Reason"];
/** Why a ticket is whose it is, or nobody's. */
export type Routing = Schemas["Routing"];
export type TeamRouting = Schemas["TeamRouting"];
export type Skill = Schemas["Skill"];
export type SkillRule = Schemas["SkillRule"];
export type Profile = Schemas["Profile"];
export type Shift = Schemas["Shift"];
export type Absence = Schemas["Absence"];
export type Brand = Schemas["Brand"];
export type Mailbox = Schemas["Mailbox"];
export type MailboxFields = Schemas["MailboxFields"];
export type MailServer = Schemas["MailServer"];
export type MailboxTest = Schemas["MailboxTest"];
export type Session = Schemas["Session"];
/** Counters by view; "resolved" has none. */
export type Counts = { counts: Record<string, number>; saved?: Record<string, number>; version: string };
export type SavedView = Schemas["SavedView"];
export type SavedCondition = Schemas["Condition"];
export type Bulk = Schemas["Bulk"];
export type BulkAction = Schemas["BulkAction"];
export type BulkEffect = Schemas["BulkEffect"];
export type Problem = Schemas["Problem"];

export type TicketQuery = NonNullable<paths["/api/tickets"]["get"]["parameters"]["query"]>;
