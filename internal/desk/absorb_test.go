package desk_test

import (
	"testing"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// A merge moves deadlines like every other act, and tells of it on both sides:
// those of the one end, the other's go on after their pause.
func TestAMergeTellsWhichDeadlinesMoved(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	opened := o.setClock(t, "2026-11-23 09:00")
	into := o.open(t, ticket.Ticket{Kind: "elogio", OpenedAt: opened, Status: ticket.Open})
	if _, err := o.s.Patch(t.Context(), o.ana, into.ID, desk.Patch{Version: into.Version, Status: ptr(ticket.WaitingCustomer)}); err != nil {
		t.Fatal(err)
	}
	from := o.open(t, ticket.Ticket{Kind: "elogio", OpenedAt: o.setClock(t, "2026-11-26 09:00")})
	o.setClock(t, "2026-11-26 10:00")
	told := tickettest.Replay(t, o.db, func() {
		if _, err := o.s.Absorb(t.Context(), o.ana, from.ID, into.ID, 0, func(*gorm.DB) error { return nil }); err != nil {
			t.Fatal(err)
		}
	})
	if len(told) != 2 {
		t.Fatalf("%+v", told)
	}
	for _, e := range told {
		moves := moved(t, e)
		if e.Kind != event.TicketMerged {
			t.Errorf("%s", e.Kind)
		}
		switch e.TicketID {
		case into.ID:
			if len(moves) != 1 || moves[0].Clock != string(sla.Resolution) || moves[0].Why != sla.ByPause || !moves[0].To.After(*moves[0].From) {
				t.Errorf("the one that stays tells %+v", moves)
			}
		case from.ID:
			if len(moves) != 2 || moves[0].To != nil || moves[1].To != nil || moves[0].Why != sla.ByCancel {
				t.Errorf("the one that goes tells %+v", moves)
			}
		}
	}
}

// Whoever a case accuses counts nothing of it: not its demand, not its extension.
func TestABarredOfficerFindsNoFigureOfTheCase(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	regime := o.bankRegime(t)
	judge := tickettest.Account(t, o.db, access.Ombudsman, tickettest.DefaultTeam)
	accused := tickettest.Account(t, o.db, access.Ombudsman, tickettest.DefaultTeam)
	at := o.setClock(t, "2026-11-05 10:00")
	var cases []ticket.Ticket
	for range 20 {
		cases = append(cases, o.open(t, ticket.Ticket{Kind: "denuncia", Walled: true, OpenedAt: at}))
	}
	o.setClock(t, "2026-11-05 16:00")
	clock := func(tk ticket.Ticket) int64 {
		return o.count(t, "SELECT id FROM clocks WHERE ticket_id = ? AND policy LIKE 'Banco%'", tk.ID)
	}
	if _, _, err := o.s.Extend(t.Context(), judge, cases[0].ID, clock(cases[0]), more); err != nil {
		t.Fatal(err)
	}
	if err := o.db.Gorm.Exec("UPDATE tickets SET barred = ? WHERE id = ?", access.Bar([]int64{accused.AccountID}, nil), cases[0].ID).Error; err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]struct {
		who                 access.Actor
		demands, extensions int
	}{"who sees all": {judge, 20, 1}, "who is accused": {accused, 19, 0}} {
		x, err := sla.ForeseeExtension(t.Context(), o.db.Gorm, o.policies, cases[1].ID, clock(cases[1]), true, v.who.Scope(), o.now())
		if err != nil || x.Quota.Demands != v.demands || x.Quota.Extensions != v.extensions || !x.Room {
			t.Errorf("%s foresees %+v %v", name, x, err)
		}
		c, err := sla.CertificateOf(t.Context(), o.db.Gorm, o.policies, v.who, regime, "2026-11", o.now())
		if err != nil || c.Quota.Demands != v.demands || c.Quota.Extensions != v.extensions || len(c.Extensions) != v.extensions {
			t.Errorf("%s reads %+v %v", name, c, err)
		}
	}
	if _, _, err := o.s.Extend(t.Context(), judge, cases[1].ID, clock(cases[1]), more); err != nil {
		t.Fatal(err)
	}
	// The cap holds for all of them, whoever asks.
	x, err := sla.ForeseeExtension(t.Context(), o.db.Gorm, o.policies, cases[2].ID, clock(cases[2]), true, accused.Scope(), o.now())
	if err != nil || x.Room || x.Quota.Extensions != 1 {
		t.Errorf("%+v %v", x, err)
	}
}
