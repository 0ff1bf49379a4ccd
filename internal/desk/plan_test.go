package desk_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// history is the policy of the history that a customer asks for.
func (o office) history(t *testing.T) int64 {
	t.Helper()
	return o.count(t, "SELECT id FROM sla_policies WHERE clock = 'history' AND name LIKE 'SAC:%'")
}

// moved are the deadlines that an event says have moved.
func moved(t *testing.T, e event.Event) (moves []sla.Move) {
	t.Helper()
	var p struct{ Deadlines []sla.Move }
	if err := json.Unmarshal(e.Payload, &p); err != nil {
		t.Fatal(err)
	}
	return p.Deadlines
}

// A rule that is changed for those that run, too, moves the deadlines of open
// tickets, each with its event; for new ones only it moves none.
func TestOpenTicketsGetWhatChangedRulesAsk(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	rules := sla.NewRules(o.db, o.policies, o.now)
	customer := o.count(t, "INSERT INTO customers (name) VALUES ('Ana') RETURNING id")
	praise := o.open(t, ticket.Ticket{Kind: "elogio", CustomerID: &customer})
	complaint := o.open(t, ticket.Ticket{Kind: "reclamacao"})
	done := o.open(t, ticket.Ticket{Kind: "elogio"})
	if _, err := o.s.Resolve(t.Context(), o.ana, done.ID, ""); err != nil {
		t.Fatal(err)
	}
	all, err := rules.Regimes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	own := all[slices.IndexFunc(all, func(r sla.Regime) bool { return r.Key == "own" })]
	solution := own.Policies[slices.IndexFunc(own.Policies, func(l sla.Listed) bool { return l.Name == "Solução" })].Policy
	work := func() {
		for more := true; more; {
			if more, err = o.s.PlanSome(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	change := func(amount int, running bool, with func(*sla.Policy)) func() {
		return func() {
			solution.Term.Amount = amount
			next := solution
			if with != nil {
				with(&next)
			}
			after, err := rules.Apply(t.Context(), o.sup.AccountID, sla.Change{Policy: &sla.PolicyEdit{Policy: next, Active: true}}, running)
			if err != nil {
				t.Fatal(err)
			}
			solution.ID = after.Policies[slices.IndexFunc(after.Policies, func(l sla.Listed) bool { return l.Name == next.Name })].ID
			work()
		}
	}
	if told := tickettest.Replay(t, o.db, change(9, false, nil)); len(told) != 0 {
		t.Errorf("for new ones only, and %+v", told)
	}
	told := tickettest.Replay(t, o.db, change(2, true, nil))
	if len(told) != 1 || told[0].TicketID != praise.ID || told[0].Kind != event.TicketPlanned || *told[0].ActorID != o.sup.AccountID {
		t.Fatalf("%+v (complaint %d)", told, complaint.ID)
	}
	if m := moved(t, told[0]); len(m) != 1 || m[0].Clock != "resolution" || !m[0].To.Before(*m[0].From) || m[0].Why != sla.ByRules {
		t.Errorf("%+v", m)
	}
	if told := tickettest.Replay(t, o.db, work); len(told) != 0 {
		t.Errorf("done once, and again %+v", told)
	}

	// For customers of one segment only: it is nobody's until somebody is of it.
	told = tickettest.Replay(t, o.db, change(2, true, func(p *sla.Policy) { p.Segments = []string{"empresa"} }))
	if len(told) != 1 || moved(t, told[0])[0].To != nil {
		t.Errorf("%+v", told)
	}
	told = tickettest.Replay(t, o.db, func() {
		if err := o.s.SetSegment(t.Context(), o.ana, customer, "empresa"); err != nil {
			t.Error(err)
		}
	})
	if len(told) != 1 || told[0].TicketID != praise.ID || moved(t, told[0])[0].To == nil || moved(t, told[0])[0].Why != sla.BySegment {
		t.Errorf("%+v", told)
	}
	// Whose ticket becomes a company's is under its rule, and taken back no longer.
	other := o.count(t, "INSERT INTO customers (name) VALUES ('Ana de novo') RETURNING id")
	theirs := o.open(t, ticket.Ticket{Kind: "elogio", CustomerID: &other})
	var merge int64
	told = tickettest.Replay(t, o.db, func() {
		if merge, err = o.s.MergeCustomers(t.Context(), o.sup, other, customer, "a mesma"); err != nil {
			t.Error(err)
		}
	})
	told = slices.DeleteFunc(told, func(e event.Event) bool { return e.TicketID != theirs.ID })
	if len(told) != 1 || moved(t, told[0])[0].To == nil {
		t.Errorf("%+v", told)
	}
	told = tickettest.Replay(t, o.db, func() {
		if err := o.s.UnmergeCustomers(t.Context(), o.sup, merge); err != nil {
			t.Error(err)
		}
	})
	told = slices.DeleteFunc(told, func(e event.Event) bool { return e.TicketID != theirs.ID })
	if len(told) == 0 || moved(t, told[0])[0].To != nil {
		t.Errorf("%+v", told)
	}
	if err := o.s.SetSegment(t.Context(), o.ana, customer, "nobre"); !errors.Is(err, sla.ErrRules) {
		t.Errorf("%v", err)
	}
	// What a patch changes is planned with the segment, too.
	if told := tickettest.Replay(t, o.db, func() {
		if _, err := o.s.Patch(t.Context(), o.sup, praise.ID, desk.Patch{Version: tickettest.Fresh(t, o.db, praise.ID).Version, Priority: ptr(1)}); err != nil {
			t.Error(err)
		}
	}); len(told) != 1 || len(moved(t, told[0])) != 0 {
		t.Errorf("%+v", told)
	}
}

func TestTheHistoryIsAskedForAndSent(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.open(t, ticket.Ticket{})
	offers, err := o.s.Offers(t.Context(), tk)
	if err != nil || len(offers) != 1 || offers[0].ID != o.history(t) || offers[0].Evidence != sla.EvidenceSecondary {
		t.Fatalf("%+v %v", offers, err)
	}
	h := sla.ByHand{PolicyID: o.history(t), Reason: "pediu o histórico"}
	if _, err := o.s.BeginClock(t.Context(), o.away, tk.ID, h); !errors.Is(err, ticket.ErrNotFound) {
		t.Errorf("of another team: %v", err)
	}
	if _, err := o.s.BeginClock(t.Context(), o.ana, tk.ID, sla.ByHand{PolicyID: h.PolicyID, Reason: " "}); !errors.Is(err, ticket.ErrInvalid) {
		t.Errorf("without a reason: %v", err)
	}
	begun, err := o.s.BeginClock(t.Context(), o.ana, tk.ID, h)
	if err != nil || begun.Kind != sla.History || begun.State != sla.Running {
		t.Fatalf("%+v %v", begun, err)
	}
	if said := o.lastTold(t, tk.ID); !strings.Contains(said, `"why": "by_hand"`) || !strings.Contains(said, begun.Due.UTC().Format("2006-01-02T15:04")) {
		t.Errorf("its event tells of no deadline: %s", said)
	}
	if _, err := o.s.Resolve(t.Context(), o.ana, tk.ID, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := o.s.BeginClock(t.Context(), o.ana, tk.ID, h); !errors.Is(err, ticket.ErrClosed) {
		t.Errorf("on a ticket that is resolved: %v", err)
	}
	// The ticket is settled; the history is owed all the same, until it was sent.
	told := tickettest.Replay(t, o.db, func() {
		ended, err := o.s.StopClock(t.Context(), o.ana, tk.ID, begun.ID, "enviado por e-mail")
		if err != nil || ended.State != sla.Met {
			t.Errorf("%+v %v", ended, err)
		}
	})
	if len(told) != 1 || told[0].Kind != event.TicketClock {
		t.Errorf("%+v", told)
	}
	// Behind the wall it is another law's, and nobody outside learns of the ticket.
	walled := o.open(t, ticket.Ticket{Walled: true})
	if _, err := o.s.BeginClock(t.Context(), o.ana, walled.ID, h); !errors.Is(err, ticket.ErrNotFound) {
		t.Errorf("%v", err)
	}
	ombudsman := tickettest.Account(t, o.db, access.Ombudsman, tickettest.DefaultTeam)
	if _, err := o.s.BeginClock(t.Context(), ombudsman, walled.ID, h); !errors.Is(err, sla.ErrNotByHand) {
		t.Errorf("%v", err)
	}
}
