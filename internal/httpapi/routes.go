package httpapi

import (
	"net/http"

	"github.com/escuta-sac/escuta/internal/access"
)

const (
	get    = http.MethodGet
	post   = http.MethodPost
	patch  = http.MethodPatch
	remove = http.MethodDelete
	put    = http.MethodPut

	ok      = http.StatusOK
	created = http.StatusCreated
	nothing = http.StatusNoContent
)

// addRoutes is every call there is, on one screen.
func (s *Server) addRoutes() {
	var (
		is, db      = s.services, s.services.DB.Gorm
		me          = sessionRoutes{s, is.Accounts}
		tokens      = tokenRoutes{is.Accounts}
		people      = accountRoutes{is.Accounts}
		lists       = catalogueRoutes{db}
		customers   = customerRoutes{is.DB, is.Now}
		records     = recordRoutes{s, customers, is.Desk}
		clocks      = clockRoutes{db, is.Calendars, is.Hub}
		tickets     = ticketRoutes{db, is.Hub, is.Accounts, clocks, customers, is.Views, s.today}
		claims      = claimRoutes{db, is.Assign}
		uploads     = uploadRoutes{s, s.options.Secret}
		acts        = deskRoutes{db, is.Desk, uploads}
		bulks       = bulkRoutes{tickets, is.Bulks}
		views       = viewRoutes{is.Hub, is.Views}
		company     = presenceRoutes{is.Presence, is.Standings}
		paper       = paperRoutes{s, is.DB, is.Desk, is.Copies, is.Now}
		ledger      = ledgerRoutes{is.Intake}
		channels    = sourceRoutes{is.Sources}
		outgoing    = outgoingRoutes{s, is.DB}
		live        = liveRoutes{s, is.Hub, is.Accounts}
		files       = fileRoutes{s, db}
		public      = publicRoutes{s, db, is.Intake, is.Tokens, is.Toll, is.Now}
		portal      = portalRoutes{public, s.pages}
		forms       = formRoutes{portal}
		suggestions = suggestionRoutes{db}
		mails       = newMailRoutes(s, db, is.Dialer)
		mailboxes   = mailboxRoutes{is.Mailboxes}
		cases       = caseRoutes{db, is.Ombudsman, public}
		second      = secondRoutes{portal, is.Ombudsman}
		areas       = areaRoutes{is.Areas, uploads}
		requests    = requestRoutes{db, is.Areas}
		asked       = askedRoutes{portal, is.Areas}
		office      = officeRoutes{is.Accounts}
		lots        = importRoutes{s, is.Imports}
		calls       = callRoutes{s, is.Calls, uploads}
		hooks       = hookRoutes{is.Calls, is.Intake}
		boards      = boardRoutes{db, is.Calendars, is.Now}
		duties      = dutyRoutes{db, is.Desk}
		promises    = promiseRoutes{db, is.Desk, is.Now}
		terms       = termRoutes{clocks, is.Desk, is.Now}
		proofs      = proofRoutes{db, is.Proofs}
		rosters     = rosterRoutes{is.Roster}
		routes      = routingRoutes{db, is.Routing, is.Assign, s.today}
		drafts      = draftRoutes{db, is.Desk}
		incidents   = incidentRoutes{db, is.Incidents, is.Now}
		calendars   = calendarRoutes{is.KeptCalendars}
		rules       = ruleRoutes{db, is.Rules, is.Desk, is.Now, customers}
		handOvers   = handOverRoutes{db, is.Desk, is.Presence}
		kept        = retentionRoutes{is.Retention}

		work, breaches, intake = may(access.WorkTickets), may(access.SeeBreaches), may(access.SeeIntake)
		judge, bring           = may(access.WorkCases), may(access.RunImports)
		manage, arrange        = may(access.ManageAccounts), may(access.ManageDesk)
		ask, staffing          = may(access.ManageForms), may(access.ManageRouting)
		alarm                  = may(access.RunIncidents)
		hold, keep             = may(access.HoldRecords), may(access.KeepRecords)
	)
	register(s, post, "/api/login", "Log in", visitor, ok, me.login)
	register(s, post, "/api/logout", "Log out", staff, nothing, me.logout)
	on(s, get, "/api/me", "Who am I", staff, ok, me.me)
	on(s, patch, "/api/me", "Change my name or language", staff, ok, me.changeMe)
	register(s, post, "/api/me/password", "Change my password", secret, ok, me.changePassword)
	on(s, get, "/api/me/state", "How I am here", staff, ok, company.mine)
	on(s, put, "/api/me/state", "Begin a break, or be back from it", staff, ok, company.change)
	on(s, get, "/api/sessions", "Where I am logged in", staff, ok, me.list)
	done(s, remove, "/api/sessions/{id}", "End a session of mine", staff, me.end)
	on(s, get, "/api/tokens", "My API tokens", staff, ok, tokens.list)
	on(s, post, "/api/tokens", "Make an API token", secret, created, tokens.create)
	done(s, remove, "/api/tokens/{id}", "Revoke an API token", staff, tokens.revoke)

	on(s, get, "/api/tickets", "A page of the queue", work, ok, tickets.list)
	on(s, get, "/api/tickets/{ticket}", "A ticket with what stands around it", work, ok, tickets.get)
	on(s, patch, "/api/tickets/{ticket}", "Change a ticket", work, ok, acts.patch)
	on(s, get, "/api/tickets/{ticket}/timeline", "All that happened with a ticket", work, ok, tickets.timeline)
	on(s, get, "/api/tickets/{ticket}/suggestions", "Tickets that a mail refers to from outside them", work, ok, suggestions.list)
	on(s, get, "/api/tickets/{ticket}/messages/{message}/html", "A message as its sender laid it out", work, ok, mails.html)
	s.native(get, "/api/tickets/{ticket}/messages/{message}/image", work, mails.image, &imageOperation)
	on(s, get, "/api/tickets/{ticket}/clocks", "The deadlines of a ticket, explained", work, ok, clocks.clocks)
	on(s, post, "/api/tickets/{ticket}/clocks/{clock}/pause", "Make a deadline stand still", work, ok, terms.pause)
	on(s, post, "/api/tickets/{ticket}/clocks/{clock}/resume", "Let a deadline go on", work, ok, terms.resume)
	on(s, patch, "/api/tickets/{ticket}/clocks/{clock}/pauses/{pause}", "Shorten a pause, or take it back", work, ok, terms.correct)
	on(s, post, "/api/tickets/{ticket}/clocks/{clock}/cancel", "Take back a deadline that asks nothing", work, ok, terms.cancel)
	on(s, get, "/api/tickets/{ticket}/clocks/{clock}/extension", "What an extension would do", work, ok, terms.foresee)
	on(s, post, "/api/tickets/{ticket}/clocks/{clock}/extension", "Extend a deadline and tell the customer", work, ok, terms.extend)
	s.native(get, "/api/tickets/{ticket}/clocks/proof", work, proofs.proof, pdfOperation("The deadlines of a ticket, as a sheet to be printed",
		textParameter("ticket", "path", ""), textParameter("clock", "query", "One deadline; all when left out")))
	on(s, get, "/api/tickets/{ticket}/clocks/proofs", "Sheets that were made of a ticket's deadlines", work, ok, proofs.list)
	s.native(get, "/api/tickets/{ticket}/clocks/proofs/{digest}", work, proofs.again, pdfOperation("A sheet as it was made",
		textParameter("ticket", "path", ""), textParameter("digest", "path", "As printed on it")))
	on(s, get, "/api/regimes/{id}/extensions", "The extensions of a month", breaches, ok, terms.certificate)
	s.native(get, "/api/regimes/{id}/extensions/certificate", breaches, proofs.month, pdfOperation("The certificate of a month's extensions, to be printed",
		textParameter("id", "path", ""), textParameter("month", "query", "Such as 2026-11"),
		textParameter("side", "query", "sac or ombudsman: which side of the ombudsman's wall; the asker's own when left out")))
	on(s, post, "/api/tickets/{ticket}/clocks", "Start a clock by hand", work, created, rules.begin)
	on(s, get, "/api/tickets/{ticket}/clocks/by-hand", "Clocks that people start", work, ok, rules.offers)
	on(s, post, "/api/tickets/{ticket}/clocks/{clock}/stop", "Stop a clock that was started by hand", work, ok, rules.stop)
	on(s, post, "/api/tickets/{ticket}/replies", "Answer the customer", work, created, acts.reply)
	on(s, post, "/api/commitments/read", "What a text promises its customer, and by when", work, ok, promises.read)
	on(s, get, "/api/tickets/{ticket}/commitments", "What was promised to the customer", work, ok, promises.list)
	on(s, post, "/api/tickets/{ticket}/commitments/{commitment}/keep", "Note by hand that a promise was kept", work, ok, promises.keep)
	on(s, post, "/api/tickets/{ticket}/commitments/{commitment}/move", "Move a promise", work, ok, promises.move)
	on(s, post, "/api/tickets/{ticket}/commitments/{commitment}/withdraw", "Withdraw a promise", work, ok, promises.withdraw)
	on(s, post, "/api/tickets/{ticket}/replies/{message}/undo", "Take an answer back before it goes out", work, ok, acts.undo)
	on(s, post, "/api/tickets/{ticket}/notes", "Write a note", work, created, acts.note)
	on(s, post, "/api/tickets/{ticket}/look", "Note that I have a ticket open", work, ok, acts.look)
	on(s, get, "/api/tickets/{ticket}/drafts", "What is being written on a ticket", work, ok, drafts.list)
	on(s, put, "/api/tickets/{ticket}/drafts/{kind}", "Keep what I am writing", work, ok, drafts.save)
	on(s, post, "/api/tickets/{ticket}/letters", "Answer by letter", work, created, paper.write)
	on(s, post, "/api/tickets/{ticket}/texts", "Answer by SMS", work, created, paper.text)
	on(s, get, "/api/tickets/{ticket}/ways", "How the customer can be answered now", work, ok, paper.ways)
	on(s, post, "/api/tickets/{ticket}/copies", "Give the customer the history or a recording", work, created, paper.ask)
	on(s, get, "/api/tickets/{ticket}/copies", "What the customer asked to have", work, ok, paper.asked)
	on(s, get, "/api/letters", "Letters that wait to be printed or posted", work, ok, paper.waiting)
	on(s, post, "/api/letters/batches", "Gather letters to be printed together", work, created, paper.gather)
	s.native(get, "/api/letters/batches/{id}/pdf", work, paper.print, &letterOperation)
	done(s, post, "/api/letters/batches/{id}/posted", "Note the day on which a batch went to the post", work, paper.posted)
	on(s, get, "/api/tickets/{ticket}/routing", "Why a ticket is whose it is, or nobody's", work, ok, routes.explain)
	on(s, post, "/api/tickets/{ticket}/claim", "Take a ticket", work, ok, claims.claim)
	on(s, post, "/api/tickets/{ticket}/release", "Give a ticket back", work, ok, claims.release)
	on(s, post, "/api/tickets/{ticket}/lease", "Keep a ticket while typing", work, ok, claims.renew)
	on(s, post, "/api/tickets/{ticket}/transfer", "Give a ticket to somebody else or to a team, with a note", work, ok, handOvers.transfer)
	on(s, get, "/api/tickets/{ticket}/recipients", "Whom a ticket can be given to", work, ok, handOvers.recipients)
	done(s, post, "/api/tickets/{ticket}/help", "Call a supervisor to a ticket", work, handOvers.askHelp)
	done(s, remove, "/api/tickets/{ticket}/help", "Withdraw a call for help", work, handOvers.withdrawHelp)
	done(s, post, "/api/tickets/{ticket}/help/join", "Come to help", work, handOvers.joinHelp)
	on(s, get, "/api/help", "Who waits for a supervisor", work, ok, handOvers.help)
	register(s, post, "/api/queue/next", "Take the most urgent ticket; 204 when nothing waits", work, ok, claims.next)
	s.native(post, "/api/uploads", work, uploads.upload, s.document("Upload a file for a reply", created, nil, typeOf[Upload]()))
	s.native(get, "/api/files/{token}", anyone, files.download, &fileOperation)
	s.native(get, "/api/live", anyone, upgrade(live.connect), &liveOperation)

	on(s, post, "/api/calls", "Open the note of a call", byItself(work), created, calls.open)
	on(s, get, "/api/calls", "Calls, the newest first", work, ok, calls.list)
	on(s, get, "/api/calls/candidates", "Whom a caller may be", work, ok, calls.candidates)
	on(s, get, "/api/calls/ringing", "A call that rings at the asker's telephone, or that they have answered there", work, ok, calls.ringing)
	on(s, get, "/api/calls/{id}", "A call with what stands around it", work, ok, calls.get)
	on(s, patch, "/api/calls/{id}", "Keep what is said during a call, and how it ended", work, ok, calls.patch)
	on(s, post, "/api/calls/{id}/tickets", "Open another ticket from the same call", byItself(work), created, calls.another)
	on(s, post, "/api/calls/{id}/answer", "Note what was answered on the phone", work, created, calls.answer)
	on(s, get, "/api/calls/{id}/recording", "Where a call can be heard; asking is written down", work, ok, calls.hear)
	on(s, post, "/api/calls/{id}/recording", "Note where a call can be heard", work, created, calls.record)
	on(s, put, "/api/calls/{id}/recording", "Note where a call can be heard, once more", work, ok, calls.record)
	s.native(get, "/api/calls/{id}/recording/file", work, calls.play, &recordingOperation)
	done(s, post, "/api/calls/{id}/recording/requests", "Somebody has asked for a copy", work, calls.askCopy)
	done(s, remove, "/api/calls/{id}/recording/requests", "Whoever asked for a copy has it", work, calls.gaveCopy)
	on(s, get, "/api/callbacks", "Calls that we owe, the most urgent first", work, ok, calls.callBacks)
	on(s, patch, "/api/callbacks/{id}", "Put off, hand over or give up a call that we owe", work, ok, calls.changeCallBack)
	on(s, post, "/api/callbacks/{id}/attempts", "Note an attempt to call", work, created, calls.attempt)
	on(s, get, "/api/lines", "Numbers that customers dial", staff, ok, calls.lines)
	register(s, post, "/api/lines", "Add a line", secretly(arrange), created, calls.addLine)
	register(s, patch, "/api/lines/{id}", "Change a line", arrange, ok, calls.changeLine)
	s.native(post, "/api/hooks/pbx/{line}", anyone, hooks.pbx, &hookOperation)
	on(s, get, "/api/tickets/{ticket}/duties", "What a ticket obliges to at once", work, ok, duties.list)
	on(s, post, "/api/tickets/{ticket}/duties/{duty}", "Record that it was carried out", work, ok, duties.confirm)

	on(s, get, "/api/views", "Stock views", work, ok, views.list)
	on(s, post, "/api/bulk/preview", "What an act on many tickets would do", work, ok, bulks.preview)
	on(s, post, "/api/bulk", "Act on many tickets", work, created, bulks.start)
	on(s, get, "/api/bulk/{id}", "How far an act on many tickets has come", work, ok, bulks.get)
	on(s, post, "/api/bulk/{id}/undo", "Take an act on many tickets back", work, created, bulks.undo)
	on(s, post, "/api/views", "Keep a view", work, created, views.create)
	on(s, patch, "/api/views/{id}", "Change a saved view", work, ok, views.change)
	done(s, remove, "/api/views/{id}", "Remove a saved view", work, views.remove)
	on(s, get, "/api/views/counts", "How many tickets each view has", work, ok, views.counts)
	on(s, get, "/api/presence", "Who is here", staff, ok, company.people)
	on(s, get, "/api/breaches", "Missed deadlines and those about to be", breaches, ok, clocks.breaches)
	on(s, get, "/api/tickets/{ticket}/retention", "Until when a ticket's parts are kept, and why", work, ok, kept.ofTicket)
	on(s, post, "/api/tickets/{ticket}/retention/holds", "Keep a ticket from being purged", work, created, kept.holdTicket)
	on(s, get, "/api/retention/holds", "What is held", hold, ok, kept.holds)
	on(s, post, "/api/retention/holds", "Keep all that is a customer's from being purged", hold, created, kept.holdCustomer)
	on(s, post, "/api/retention/holds/{id}/lift", "Lift a hold", hold, ok, kept.lift)
	on(s, get, "/api/retention/rules", "How long things are kept, and whether anything is purged", hold, ok, kept.rules)
	on(s, post, "/api/retention/rules", "Add a rule of retention", keep, created, kept.addRule)
	on(s, put, "/api/retention/rules/{id}", "Change a rule of retention", keep, ok, kept.changeRule)
	on(s, post, "/api/retention/preview", "What would be purged, by the rules as they are or as one would be", keep, ok, kept.preview)
	on(s, put, "/api/retention/purging", "Switch purging on or off", keep, ok, kept.purging)
	on(s, get, "/api/retention/runs", "Rounds of purging, the newest first", hold, ok, kept.runs)
	on(s, post, "/api/retention/runs", "Begin a round of purging now", keep, created, kept.begin)
	on(s, get, "/api/retention/runs/{id}", "What a round has removed, with its proofs", hold, ok, kept.report)
	on(s, get, "/api/retention/proofs/verified", "Whether the proofs are all there and as they were written", hold, ok, kept.verify)
	on(s, get, "/api/board", "Deadlines of the desk: over, next, and what will be missed", breaches, ok, boards.board)
	on(s, get, "/api/board/commitments", "How promises are kept, by person", breaches, ok, promises.count)
	on(s, get, "/api/board/compliance", "Deadlines met and missed, day by day", breaches, ok, boards.compliance)
	on(s, post, "/api/sla/preview", "Test a date", work, ok, clocks.preview)
	on(s, get, "/api/calendars", "Calendars that deadlines are counted by, the built-in ones last", staff, ok, calendars.list)
	on(s, post, "/api/calendars", "Add a calendar", arrange, created, calendars.create)
	on(s, get, "/api/calendars/{id}", "A calendar with its special days", staff, ok, calendars.get)
	on(s, put, "/api/calendars/{id}", "Change a calendar", arrange, ok, calendars.change)
	done(s, remove, "/api/calendars/{id}", "Remove a calendar", arrange, calendars.remove)
	on(s, post, "/api/calendars/{id}/effect", "Which running deadlines a changed calendar would move", arrange, ok, calendars.effect)
	on(s, post, "/api/calendars/year", "A year of a calendar that is not saved yet", arrange, ok, calendars.draftYear)
	s.native(post, "/api/calendars/{id}/days/import", arrange, calendars.bring,
		s.document("Bring special days in from an ICS or CSV file, or see what that would do", ok, typeOf[bringDays](), typeOf[BroughtDays]()))
	on(s, get, "/api/calendars/{id}/year/{year}", "The days of a year that are not ordinary ones", staff, ok, calendars.year)
	on(s, get, "/api/regimes", "Rules of deadlines, with their evidence", staff, ok, rules.list)
	on(s, post, "/api/regimes", "Add a regime", arrange, created, rules.add)
	on(s, put, "/api/regimes/{id}", "Change a regime, or switch it on or off", arrange, ok, rules.change)
	on(s, put, "/api/regimes/{id}/ladder", "Who is told, and what is done, as its deadlines come near and pass", arrange, ok, rules.ladder)
	on(s, get, "/api/alerts", "Running deadlines that I was told of", staff, ok, rules.alerts)
	on(s, post, "/api/policies", "Add a policy", arrange, created, rules.addPolicy)
	on(s, post, "/api/policies/preview", "What a change of rules would do, and which rules a demand gets", arrange, ok, rules.preview)
	on(s, put, "/api/policies/order", "Put the policies of a regime in order", arrange, ok, rules.order)
	on(s, put, "/api/policies/{id}", "Change a policy: its next version", arrange, ok, rules.changePolicy)
	done(s, remove, "/api/policies/{id}", "Remove a policy", arrange, rules.removePolicy)
	on(s, get, "/api/segments", "Segments of customers", staff, ok, rules.segments)
	on(s, put, "/api/customers/{id}/segment", "Note of what segment a customer is", work, ok, rules.setSegment)
	on(s, get, "/api/customers/{id}", "A customer", work, ok, customers.get)
	on(s, put, "/api/customers/by/{source}/{external_id}", "Keep a customer's record of another system", may(access.KeepCustomers), ok, records.keep)
	s.native(post, "/api/customers/import", may(access.KeepCustomers), records.importFile,
		s.document("Keep the customers of a CSV file", ok, nil, typeOf[ImportedCustomers]()))
	on(s, get, "/api/customers/{id}/wishes", "By which ways a customer wants to be contacted", work, ok, customers.wishes)
	on(s, put, "/api/customers/{id}/wishes", "Note whether a customer wants a way", work, ok, customers.want)
	on(s, get, "/api/customers/{id}/suggestions", "Records that may be the same person", work, ok, records.suggest)
	on(s, post, "/api/customers/{id}/merge", "Make one customer of two", work, ok, records.merge)
	done(s, post, "/api/customers/{id}/apart", "Note that two customers are two people", work, records.apart)
	done(s, post, "/api/customers/merges/{id}/undo", "Take a merge back", work, records.unmerge)
	on(s, get, "/api/people", "Names of those who work here", staff, ok, people.people)
	on(s, get, "/api/accounts", "Accounts", manage, ok, people.list)
	on(s, post, "/api/accounts", "Add an account", manage, created, people.create)
	on(s, patch, "/api/accounts/{id}", "Change an account", manage, ok, people.change)
	on(s, get, "/api/teams", "Teams", staff, ok, people.teams)
	on(s, post, "/api/teams", "Add a team", arrange, created, people.addTeam)
	on(s, get, "/api/routing/teams", "How my teams' tickets get to people", staffing, ok, rosters.teams)
	on(s, patch, "/api/teams/{id}/routing", "Change how a team's tickets get to people", staffing, ok, rosters.changeTeam)
	on(s, get, "/api/skips", "What was served and given back today, and why", staffing, ok, routes.skips)
	on(s, get, "/api/skills", "Skills, and what demands them", staffing, ok, rosters.skills)
	on(s, post, "/api/skills", "Add a skill", arrange, created, rosters.addSkill)
	on(s, patch, "/api/skills/{id}", "Rename a skill", arrange, ok, rosters.renameSkill)
	done(s, remove, "/api/skills/{id}", "Remove a skill, with what demands it", arrange, rosters.removeSkill)
	on(s, post, "/api/skills/{id}/rules", "Have tickets demand a skill", arrange, created, rosters.addRule)
	done(s, remove, "/api/skills/rules/{id}", "Take a rule away", arrange, rosters.removeRule)
	on(s, get, "/api/accounts/{id}/routing", "What somebody can be given, and when", staffing, ok, rosters.profile)
	on(s, patch, "/api/accounts/{id}/routing", "Change what somebody can be given, and when", staffing, ok, rosters.changeProfile)
	on(s, post, "/api/accounts/{id}/absences", "Note that somebody is away", staffing, created, rosters.addAbsence)
	done(s, remove, "/api/absences/{id}", "Take back that somebody is away", staffing, rosters.removeAbsence)
	on(s, get, "/api/reasons", "The tree of reasons", staff, ok, lists.reasons)
	on(s, post, "/api/reasons", "Add a reason", arrange, created, lists.addReason)
	on(s, get, "/api/mailboxes", "Mailboxes", arrange, ok, mailboxes.list)
	on(s, post, "/api/mailboxes", "Add a mailbox", arrange, created, mailboxes.create)
	on(s, post, "/api/mailboxes/test", "Log in to a mailbox's servers", arrange, ok, mailboxes.test)
	on(s, patch, "/api/mailboxes/{id}", "Change a mailbox", arrange, ok, mailboxes.change)
	on(s, get, "/api/brands", "Brands", staff, ok, lists.brands)
	on(s, get, "/api/forms", "Forms that customers fill in", ask, ok, forms.list)
	on(s, get, "/api/forms/{id}", "A form", ask, ok, forms.get)
	on(s, post, "/api/forms", "Add a form", ask, created, forms.create)
	on(s, patch, "/api/forms/{id}", "Change a form: its next version", ask, ok, forms.change)
	on(s, post, "/api/forms/preview", "A form as customers would see it", ask, ok, forms.preview)
	on(s, get, "/api/intake/summary", "Received, accounted, pending", intake, ok, ledger.summary)
	on(s, get, "/api/intake/ledger", "What came in and what became of it", intake, ok, ledger.list)
	on(s, get, "/api/intake/ledger/{id}", "An item, with what can be told of it", intake, ok, ledger.get)
	s.native(get, "/api/intake/ledger/{id}/source", intake, ledger.source, &sourceOperation)
	on(s, post, "/api/intake/ledger/{id}/retry", "Try an item again", intake, ok, ledger.retry)
	done(s, post, "/api/intake/ledger/{id}/discard", "Let an item become nothing", intake, ledger.discard)
	done(s, post, "/api/intake/ledger/{id}/erase", "Erase what an item holds, or the item itself", may(access.EraseIntake), ledger.erase)
	on(s, get, "/api/intake/sources", "How the channels' sources do", intake, ok, channels.list)
	done(s, patch, "/api/intake/sources", "Say how quiet a source may be", intake, channels.expect)
	on(s, get, "/api/outbox", "What goes out and what became of it", intake, ok, outgoing.list)
	done(s, post, "/api/outbox/{id}/retry", "Send something now that waits or failed", intake, outgoing.retry)
	done(s, post, "/api/outbox/{id}/cancel", "Stop something that waits", intake, outgoing.cancel)
	on(s, get, "/api/outgoing", "Whether things go out, and how many wait", work, ok, outgoing.state)
	done(s, post, "/api/outgoing/release", "Let everything go out again after a restore", arrange, outgoing.release)

	on(s, get, "/api/ombudsman/cases", "The ombudsman's cases", judge, ok, cases.list)
	on(s, post, "/api/ombudsman/cases", "Open a case", judge, created, cases.open)
	on(s, get, "/api/ombudsman/figures", "The cases in figures", judge, ok, cases.figures)
	on(s, get, "/api/ombudsman/cases/{case}", "A case", judge, ok, cases.get)
	on(s, post, "/api/ombudsman/cases/{case}/points", "Extract a point of the demand", judge, created, cases.addPoint)
	on(s, patch, "/api/ombudsman/cases/{case}/points/{part}", "Rewrite or answer a point", judge, ok, cases.changePoint)
	on(s, remove, "/api/ombudsman/cases/{case}/points/{part}", "Take a point out", judge, ok, cases.removePoint)
	on(s, post, "/api/ombudsman/cases/{case}/draft", "Write the answer, or hand it over to be signed", judge, ok, cases.write)
	on(s, post, "/api/ombudsman/cases/{case}/return", "Give the draft back", judge, ok, cases.giveBack)
	on(s, post, "/api/ombudsman/cases/{case}/sign", "Sign and send the conclusive answer", judge, ok, cases.sign)
	on(s, post, "/api/ombudsman/cases/{case}/verdict", "Decide merit and result", judge, ok, cases.judge)
	on(s, post, "/api/ombudsman/cases/{case}/complement", "Ask the demandant for what is missing", judge, ok, cases.complement)
	on(s, post, "/api/ombudsman/cases/{case}/accused", "Say whom the case accuses", judge, ok, cases.accuse)
	on(s, post, "/api/ombudsman/cases/{case}/recommendations", "Recommend something to an area", judge, created, cases.recommend)
	on(s, patch, "/api/ombudsman/cases/{case}/recommendations/{part}", "Note what became of a recommendation", judge, ok, cases.decide)
	on(s, post, "/api/ombudsman/cases/{case}/requests", "Ask an area", judge, created, cases.ask)
	on(s, remove, "/api/ombudsman/cases/{case}/requests/{part}", "Take back what an area was asked", judge, ok, cases.withdraw)
	on(s, get, "/api/ombudsman/office", "Who belongs to the office", judge, ok, office.get)
	on(s, post, "/api/ombudsman/office/{id}", "Confirm somebody in the office, or change their rank", judge, ok, office.seat)
	on(s, get, "/api/areas", "Areas of the company that can be asked", work, ok, areas.all)
	on(s, post, "/api/areas", "Add an area", arrange, created, areas.add)
	on(s, put, "/api/areas/{id}", "Change an area", arrange, ok, areas.change)
	on(s, get, "/api/requests", "What I have asked of areas", work, ok, requests.asked)
	on(s, post, "/api/tickets/{ticket}/requests", "Ask an area", work, created, requests.ask)
	on(s, get, "/api/tickets/{ticket}/requests", "What a ticket asks of areas", work, ok, requests.list)
	on(s, post, "/api/tickets/{ticket}/requests/{request}/withdraw", "Take back what an area was asked", work, ok, requests.withdraw)
	on(s, post, "/api/tickets/{ticket}/requests/{request}/close", "Settle a request without an answer here", work, ok, requests.close)
	on(s, post, "/api/tickets/{ticket}/requests/{request}/extend", "Give an area more time", work, ok, requests.extend)
	on(s, get, "/api/tickets/{ticket}/turns", "Whose turn it was and for how long", work, ok, requests.turns)
	on(s, get, "/api/area-requests", "What my teams are asked", work, ok, areas.list)
	s.native(get, "/api/area-requests/{request}/files/{n}", work, areas.carried, &carriedOperation)
	on(s, post, "/api/area-requests/{request}/answer", "Answer what my team is asked", work, ok, areas.answer)

	on(s, get, "/api/incidents", "Incidents, the newest first", work, ok, incidents.list)
	on(s, post, "/api/incidents", "Open an incident", alarm, created, incidents.create)
	on(s, get, "/api/incidents/{id}", "An incident in figures, and what is done to its tickets", work, ok, incidents.get)
	on(s, put, "/api/incidents/{id}", "Change an incident", alarm, ok, incidents.change)
	on(s, get, "/api/incidents/{id}/tickets", "Tickets of an incident", work, ok, incidents.tickets)
	on(s, get, "/api/incidents/{id}/suggestions", "Tickets that may belong to an incident", work, ok, incidents.suggestions)
	on(s, post, "/api/incidents/{id}/tickets", "Put many tickets to an incident, or take them off", alarm, created, incidents.put)
	on(s, get, "/api/incidents/{id}/effect", "What an answer to all would do now", alarm, ok, incidents.effect)
	on(s, post, "/api/incidents/{id}/answers", "Answer all tickets of an incident", alarm, created, incidents.answer)
	on(s, post, "/api/incidents/{id}/runs/{run}/cancel", "Stop what is done to many tickets", alarm, ok, incidents.cancel)
	on(s, get, "/api/tickets/{ticket}/incident", "The incident that a ticket belongs to", work, ok, incidents.ofTicket)
	on(s, put, "/api/tickets/{ticket}/incident", "Put a ticket to an incident, or take it off", work, ok, incidents.link)
	on(s, post, "/api/tickets/{ticket}/incident/news", "Send a ticket the newest answer to all", work, created, incidents.news)
	on(s, get, "/api/figures/reasons", "Demands by reason, an incident counted once", breaches, ok, incidents.reasons)

	s.native(post, "/api/imports", bring, lots.upload, s.document("Upload a list of complaints", created, nil, typeOf[ImportPreview]()))
	on(s, get, "/api/imports", "Lists that were brought in", bring, ok, lots.list)
	on(s, get, "/api/imports/{id}", "A list, its first rows and what is wrong with it", bring, ok, lots.get)
	on(s, post, "/api/imports/{id}/run", "Bring in a list", bring, ok, lots.start)
	on(s, post, "/api/imports/{id}/cancel", "Stop bringing in a list", bring, ok, lots.cancel)
	s.native(get, "/api/imports/{id}/errors.csv", bring, lots.errors, nil)

	s.native(post, "/api/public/ombudsman", anyone, second.submit,
		s.document("Bring a demand to the ombudsman", created, typeOf[Demand](), typeOf[PublicReceipt](), idempotencyParameter))
	s.native(post, "/api/public/tickets", anyone, public.open,
		s.document("Open a ticket from the web", created, typeOf[openTicket](), typeOf[PublicReceipt](), idempotencyParameter))
	on(s, get, "/api/public/tickets/{protocol}", "Follow a ticket", anyone, ok, public.track)
	s.native(post, "/api/public/tickets/{protocol}/messages", anyone, public.write,
		s.document("Answer as the customer", created, typeOf[writeMessage](), typeOf[PublicReply](), trackedParameters...))
	done(s, post, "/api/public/tickets/{protocol}/survey", "Rate the answer", anyone, public.rate)
	on(s, post, "/api/public/access", "Get in without a link", anyone, ok, public.prove)

	s.native(get, "/abrir", anyone, portal.open, nil)
	s.native(post, "/abrir", visitor, portal.send, nil)
	s.native(get, "/abrir/{slug}", anyone, portal.openForm, nil)
	s.native(post, "/abrir/{slug}", visitor, portal.sendForm, nil)
	s.native(get, "/widget.js", anyone, portal.widget, nil)
	s.native(get, "/ouvidoria", anyone, second.form, nil)
	s.native(post, "/ouvidoria", visitor, second.sendForm, nil)
	s.native(get, "/acompanhar", anyone, portal.find, nil)
	s.native(post, "/acompanhar", visitor, portal.prove, nil)
	s.native(get, "/acompanhar/{protocol}", anyone, portal.track, nil)
	s.native(post, "/acompanhar/{protocol}", visitor, portal.write, nil)
	s.native(post, "/acompanhar/{protocol}/avaliar", visitor, portal.rate, nil)
	s.native(get, "/pedido/{request}", anyone, asked.page, nil)
	s.native(post, "/pedido/{request}", visitor, asked.answer, nil)
	s.native(get, "/pedido/{request}/arquivos/{n}", anyone, asked.file, nil)
	s.native(get, "/robots.txt", anyone, portal.robots, nil)
	s.native(get, "/portal/{asset}", anyone, portal.asset, nil)

	s.native(get, "/healthz", anyone, s.live, nil)
	s.native(get, "/readyz", anyone, s.ready, nil)
	s.native(get, "/metrics", anyone, s.metrics.handler, nil)
}
