package desk_test

import (
	"reflect"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// For every exported method that changes tickets: the events it tells, put over
// the rows that were there, give the fresh rows, and no version is left out. A
// method without a row here fails the test.
func TestTheEventsOfEveryCallGiveTheFreshRows(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.post.Texts = true
	other := tickettest.Team(t, o.db, "Cobrança")
	old := time.Now().Add(-ticket.Grace - time.Hour)
	recent := time.Now().Add(-time.Hour)
	patch := func(p desk.Patch) func(int64) error {
		return func(id int64) error {
			p.Version = tickettest.Fresh(t, o.db, id).Version
			_, err := o.s.Patch(t.Context(), o.sup, id, p)
			return err
		}
	}
	reply := func(r desk.Reply) func(int64) error {
		return func(id int64) error { _, _, err := o.s.Reply(t.Context(), o.ana, id, r); return err }
	}
	rename := func(_ *gorm.DB, t *ticket.Ticket) error { t.Subject = "Outro"; return nil }
	calls := []struct {
		method, name string
		of           ticket.Ticket
		call         func(id int64) error
		kind         string
	}{
		{"Reply", "waits for the customer", ticket.Ticket{}, reply(desk.Reply{Body: "Oi"}), event.TicketReplied},
		{"Reply", "resolves", ticket.Ticket{Status: ticket.Open}, reply(desk.Reply{Body: "Oi", Resolve: true}), event.TicketReplied},
		{"Reply", "reopens", ticket.Ticket{Status: ticket.Resolved, ResolvedAt: &recent}, reply(desk.Reply{Body: "Oi"}), event.TicketReplied},
		{"Reply", "to all", ticket.Ticket{}, reply(desk.Reply{Body: "Oi", ToAll: true}), event.TicketReplied},
		{"Note", "", ticket.Ticket{}, func(id int64) error { _, _, err := o.s.Note(t.Context(), o.ana, id, "Nota"); return err }, event.TicketNoted},
		{"Patch", "fields", ticket.Ticket{}, patch(desk.Patch{Priority: ptr(1), Kind: ptr(ticket.Kind("duvida")), Subject: ptr("Outro"),
			Tags: &[]string{"Ação", "vip"}, ReasonID: ptr(int64(1))}), event.TicketChanged},
		{"Patch", "team", ticket.Ticket{AssigneeID: &o.ana.AccountID}, patch(desk.Patch{TeamID: &other}), event.TicketChanged},
		{"Patch", "assignee", ticket.Ticket{}, patch(desk.Patch{Assignee: &o.bruno.AccountID}), event.TicketChanged},
		{"Patch", "status", ticket.Ticket{}, patch(desk.Patch{Status: ptr(ticket.WaitingThird)}), event.TicketStatus},
		{"Patch", "reopening", ticket.Ticket{Status: ticket.Resolved, ResolvedAt: &recent}, patch(desk.Patch{Status: ptr(ticket.Open)}), event.TicketReopened},
		{"Patch", "back from waiting", ticket.Ticket{Status: ticket.WaitingCustomer}, patch(desk.Patch{Status: ptr(ticket.Open)}), event.TicketStatus},
		{"Resolve", "", ticket.Ticket{}, func(id int64) error { _, err := o.s.Resolve(t.Context(), o.ana, id, "por telefone"); return err }, event.TicketStatus},
		{"Reopen", "", ticket.Ticket{Status: ticket.Resolved, ResolvedAt: &recent}, func(id int64) error {
			_, err := o.s.Reopen(t.Context(), o.ana, id, "o cliente ligou")
			return err
		}, event.TicketReopened},
		{"CloseDue", "", ticket.Ticket{Status: ticket.Resolved, ResolvedAt: &old}, func(int64) error { _, err := o.s.CloseDue(t.Context()); return err }, event.TicketStatus},
		{"Archive", "", ticket.Ticket{}, func(id int64) error {
			_, err := o.s.Archive(t.Context(), id, "prazo vencido", func(*gorm.DB, ticket.Ticket) error { return nil })
			return err
		}, event.TicketStatus},
		{"Act", "", ticket.Ticket{}, func(id int64) error {
			_, err := o.s.Act(t.Context(), &o.ana, id, event.TicketChanged, nil, rename)
			return err
		}, event.TicketChanged},
		{"Change", "", ticket.Ticket{}, func(id int64) error {
			_, err := o.s.Change(t.Context(), &o.ana, id, ticket.Cause{Kind: event.TicketChanged, At: o.now()}, rename)
			return err
		}, event.TicketChanged},
		{"Speak", "", ticket.Ticket{}, func(id int64) error {
			contact := o.count(t, "INSERT INTO contacts (channel, direction) VALUES ('phone', 'in') RETURNING id")
			_, _, err := o.s.Speak(t.Context(), o.ana, id, desk.Spoken{Said: "Oi", ContactID: contact})
			return err
		}, event.TicketReplied},
		{"Write", "", ticket.Ticket{}, func(id int64) error {
			_, _, err := o.s.Write(t.Context(), o.ana, id, desk.Written{Body: "Oi", Address: []string{"Ana", "Rua A, 1", "São Paulo"}})
			return err
		}, event.TicketReplied},
		{"Text", "", ticket.Ticket{}, func(id int64) error {
			_, _, err := o.s.Text(t.Context(), o.ana, id, desk.Texted{Body: "Oi", To: "(11) 98765-4321"})
			return err
		}, event.TicketReplied},
		{"ConfirmDuty", "", ticket.Ticket{Kind: "cancelamento"}, func(id int64) error {
			err := o.db.InTx(t.Context(), func(tx *gorm.DB) error {
				return ticket.OweDuties(t.Context(), tx, tickettest.Fresh(t, o.db, id), time.Now())
			})
			if err == nil {
				_, err = o.s.ConfirmDuty(t.Context(), o.ana, id, ticket.Cancellation, "")
			}
			return err
		}, event.TicketDuty},
		{"Transfer", "", ticket.Ticket{AssigneeID: &o.ana.AccountID}, func(id int64) error {
			_, err := o.s.Transfer(t.Context(), o.ana, id, desk.Transfer{To: o.bruno.AccountID, Note: "Falta ligar."})
			return err
		}, event.TicketTransferred},
		{"Amend", "", ticket.Ticket{}, func(id int64) error {
			return o.s.Amend(t.Context(), o.sup, id, 1, desk.Amendment{Priority: ptr(1), AddTags: []string{"lote"}}, func(*gorm.DB, *desk.Kept) error { return nil })
		}, event.TicketChanged},
		{"AskHelp", "", ticket.Ticket{}, func(id int64) error { return o.s.AskHelp(t.Context(), o.ana, id, "x") }, event.TicketHelp},
		{"MergeCustomers", "", ticket.Ticket{}, func(id int64) error {
			from := o.count(t, "INSERT INTO customers (name) VALUES ('Ana') RETURNING id")
			into := o.count(t, "INSERT INTO customers (name) VALUES ('Ana Souza') RETURNING id")
			if err := o.db.Gorm.Exec("UPDATE tickets SET customer_id = ? WHERE id = ?", from, id).Error; err != nil {
				return err
			}
			_, err := o.s.MergeCustomers(t.Context(), o.ana, from, into, "é ela")
			return err
		}, event.TicketChanged},
		{"BeginClock", "", ticket.Ticket{}, func(id int64) error {
			_, err := o.s.BeginClock(t.Context(), o.ana, id, sla.ByHand{PolicyID: o.history(t), Reason: "pediu o histórico"})
			return err
		}, event.TicketClock},
		{"PauseClock", "", ticket.Ticket{Kind: "elogio"}, func(id int64) error {
			_, err := o.s.PauseClock(t.Context(), o.ana, id, o.count(t, "SELECT id FROM clocks WHERE ticket_id = ? AND kind = 'resolution'", id), "perícia")
			return err
		}, event.TicketClock},
		{"CancelClock", "", ticket.Ticket{}, func(id int64) error {
			_, err := o.s.CancelClock(t.Context(), o.sup, id, o.count(t, "SELECT id FROM clocks WHERE ticket_id = ? AND kind = 'legal'", id), "é spam")
			return err
		}, event.TicketClock},
		{"KeepPromise", "", ticket.Ticket{}, func(id int64) error {
			_, err := o.s.KeepPromise(t.Context(), o.ana, id, o.promised(t, id), "liguei")
			return err
		}, event.TicketPromise},
		{"MovePromise", "", ticket.Ticket{}, func(id int64) error {
			_, err := o.s.MovePromise(t.Context(), o.ana, id, o.promised(t, id), o.now().Add(5*time.Hour), "a loja fechou")
			return err
		}, event.TicketPromise},
		{"WithdrawPromise", "", ticket.Ticket{}, func(id int64) error {
			_, err := o.s.WithdrawPromise(t.Context(), o.ana, id, o.promised(t, id), "o cliente desistiu")
			return err
		}, event.TicketPromise},
		{"Record", "warned", ticket.Ticket{}, func(id int64) error { return o.pass(t, id, "warn75") }, event.ClockWarned},
		{"Record", "breached", ticket.Ticket{}, func(id int64) error { return o.pass(t, id, "due") }, event.ClockBreached},
	}
	covered := map[string]bool{
		"Run":  true, // changes by CloseDue only
		"Undo": true, // TestAnAnswerTakenBackIsToldAsItIs

		"ReadPromises":     true, // changes no ticket
		"KeepPromises":     true, // a part of Reply, Speak and of calls
		"Look":             true, // TestANoteWaitsForThoseItNamesUntilTheyLook
		"TakeBack":         true, // package bulk: TestTheEffectThatWasShownIsWhatHappensAndIsTakenBack
		"KeepTime":         true, // a part of a change by package area
		"Colleague":        true, // changes no ticket
		"CheckIncident":    true,
		"EndHelp":          true, // TestACallForHelpWaitsForASupervisor
		"Say":              true, // a part of Speak
		"Absorb":           true, // changes two tickets; the tests of calls have it
		"StopClock":        true, // TestTheHistoryIsAskedForAndSent
		"ResumeClock":      true, // TestAPersonPausesADeadlineAndItGoesOnFromScratch
		"CorrectPause":     true, // TestASupervisorShortensAPauseAndABreachIsSaid
		"Extend":           true, // TestATermIsExtendedFromItsStart
		"SetSegment":       true, // TestOpenTicketsGetWhatChangedRulesAsk
		"Plan":             true, // the same
		"ClimbDue":         true, // TestALadderIsClimbedStepByStepAndEachStepOnce
		"Climb":            true, // the same
		"TellSettled":      true, // TestADeadlineThatAnActMetFirstIsToldAfterIt
		"PlanSome":         true, // the same
		"Offers":           true, // changes no ticket
		"KeepApart":        true, // changes no ticket
		"Ways":             true, // changes no ticket
		"Outlook":          true, // changes no ticket
		"SaveDraft":        true, // changes no ticket
		"UpsertCustomer":   true, // TestAProofJoinsAndAClaimDoesNot
		"UnmergeCustomers": true, // TestTwoThatSomebodyJoinedCanBeParted
	}
	for _, tt := range calls {
		covered[tt.method] = true
		tk := o.open(t, tt.of)
		if tt.kind == event.TicketPromise {
			if _, _, err := o.s.Note(t.Context(), o.ana, tk.ID, "Ligo em 2 horas."); err != nil {
				t.Fatal(err)
			}
		}
		told := tickettest.Replay(t, o.db, func() {
			if err := tt.call(tk.ID); err != nil {
				t.Errorf("%s %s: %v", tt.method, tt.name, err)
			}
		})
		if len(told) != 1 || told[0].Kind != tt.kind || told[0].TicketID != tk.ID {
			t.Errorf("%s %s told %+v, want one %s", tt.method, tt.name, told, tt.kind)
		}
	}
	for m := range reflect.TypeFor[*desk.Service]().Methods() {
		if !covered[m.Name] {
			t.Errorf("%s has no row in this test", m.Name)
		}
	}
}

// pass moves one instant of the ticket's first response into the past and
// records what that makes due.
func (o office) pass(t *testing.T, id int64, column string) error {
	t.Helper()
	clock := o.count(t, "UPDATE clocks SET "+column+" = now() - interval '1 second' WHERE ticket_id = ? AND kind = 'first_response' RETURNING id", id)
	recorded, err := o.s.Record(t.Context(), []sla.Due{{ClockID: clock, TicketID: id}})
	if err == nil && len(recorded) != 1 {
		t.Errorf("recorded %+v", recorded)
	}
	return err
}
