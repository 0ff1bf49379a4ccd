package desk_test

import (
	"slices"
	"testing"

	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// duties are the states of the clocks of a ticket's duties, by policy.
func (o office) duties(t *testing.T, id int64) map[string]sla.State {
	t.Helper()
	clocks, err := sla.Clocks(t.Context(), o.db.Gorm, o.policies.Calendars(), id)
	if err != nil {
		t.Fatal(err)
	}
	states := map[string]sla.State{}
	for _, c := range clocks {
		if c.Kind == sla.Duty {
			states[c.Policy] = c.State
		}
	}
	return states
}

const cancels, suspends = "Cancelamento: efeito imediato", "Cobrança indevida: suspensão imediata"

// A cancellation runs from its first moment; what staff find out, from when they do.
// Each duty has its own clock, which ends when it is recorded as carried out.
func TestADutyRunsUntilItIsCarriedOut(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	planned := o.policies.Plan(sla.Demand{Channel: "webform", Kind: "cancelamento", Team: 1}, o.now())
	if !slices.ContainsFunc(planned, func(c sla.NewClock) bool { return c.Policy == cancels && c.Amount == 60 }) {
		t.Errorf("a cancellation is planned with %+v", planned)
	}
	if planned := o.policies.Plan(sla.Demand{Channel: "webform", Kind: "duvida", Team: 1}, o.now()); slices.ContainsFunc(planned, func(c sla.NewClock) bool { return c.Kind == sla.Duty }) {
		t.Errorf("a question is planned with %+v", planned)
	}

	tk := o.open(t, ticket.Ticket{Kind: "duvida", OpenedAt: o.now().AddDate(0, 0, -3)})
	reason := o.count(t, "UPDATE reasons SET duty = 'undue_charge' WHERE id = (SELECT min(id) FROM reasons) RETURNING id")
	change := func(p desk.Patch) ticket.Ticket {
		t.Helper()
		p.Version = int(o.count(t, "SELECT version FROM tickets WHERE id = ?", tk.ID))
		now, err := o.s.Patch(t.Context(), o.sup, tk.ID, p)
		if err != nil {
			t.Fatal(err)
		}
		return now
	}
	now := change(desk.Patch{Kind: ptr(ticket.Kind("cancelamento"))})
	if got := o.duties(t, tk.ID); len(got) != 1 || got[cancels] != sla.Running || now.Deadline.Clock != string(sla.Duty) {
		t.Errorf("as a cancellation: %v, next %+v", got, now.Deadline)
	}
	change(desk.Patch{ReasonID: &reason})
	if got := o.duties(t, tk.ID); len(got) != 2 || got[suspends] != sla.Running {
		t.Errorf("with an undue charge: %v", got)
	}
	if _, err := o.s.ConfirmDuty(t.Context(), o.ana, tk.ID, ticket.Cancellation, "sistema de cobrança 81"); err != nil {
		t.Fatal(err)
	}
	if got := o.duties(t, tk.ID); got[cancels] != sla.Met || got[suspends] != sla.Running {
		t.Errorf("after the cancellation: %v", got)
	}
	// What was asked for was asked for.
	change(desk.Patch{Kind: ptr(ticket.Kind("elogio")), Priority: ptr(1)})
	if got := o.duties(t, tk.ID); len(got) != 2 || got[suspends] != sla.Running {
		t.Errorf("as another demand: %v", got)
	}
}
