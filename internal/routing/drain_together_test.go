package routing_test

import (
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/presence"
	"github.com/escuta-sac/escuta/internal/routing"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// Somebody has a ticket locked: the others are given out, and it when they are done.
func TestATicketThatIsLockedWaitsForNobodyElse(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	busy, free := f.open(t, ticket.Ticket{}, time.Hour), f.open(t, ticket.Ticket{}, 2*time.Hour)
	err := f.db.InTx(t.Context(), func(tx *gorm.DB) error {
		if err := tx.Exec("SELECT FROM tickets WHERE id = ? FOR UPDATE", busy.ID).Error; err != nil {
			return err
		}
		if next := f.drain(t); next.IsZero() || next.After(f.now().Add(2*time.Second)) {
			t.Errorf("it looks again at %v", next)
		}
		if f.whose(t, free.ID) == 0 {
			t.Error("the free one waits, too")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if f.drain(t); f.whose(t, busy.ID) == 0 {
		t.Error("it was forgotten")
	}
}

// Three nodes drain at once, again and again, while people take for themselves:
// every ticket is given once, and nobody has more than they are given at once by it.
func TestSeveralDrainAtOnce(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	const tickets, agents, capacity = 60, 4, 5
	var people []access.Actor
	for range agents - 2 {
		people = append(people, tickettest.Account(t, f.db, access.Agent, tickettest.DefaultTeam))
	}
	people = append(people, f.ana, f.bruno)
	for _, p := range people {
		f.board.set(p.AccountID, presence.Online)
		f.capacity(t, p, capacity)
	}
	for i := range tickets {
		f.open(t, ticket.Ticket{}, time.Duration(i)*time.Minute)
	}
	var wg sync.WaitGroup
	for range 3 {
		r := f.router()
		wg.Go(func() {
			for range 20 {
				_, _, _ = r.Pass(t.Context()) // another's turn is told as a failure
			}
		})
	}
	wg.Wait()
	f.drain(t)
	given := 0
	for _, p := range people {
		var n int
		if err := f.db.Gorm.Raw("SELECT count(*) FROM tickets WHERE assignee_id = ?", p.AccountID).Scan(&n).Error; err != nil {
			t.Fatal(err)
		}
		if given += n; n != capacity {
			t.Errorf("%s has %d of %d", p.Name, n, capacity)
		}
	}
	var events int
	if err := f.db.Gorm.Raw("SELECT count(*) FROM events WHERE kind = 'ticket.routed'").Scan(&events).Error; err != nil {
		t.Fatal(err)
	}
	if events != given {
		t.Errorf("%d tickets, and %d times told", given, events)
	}
}

func TestTheReasonWhyNobodyGetsIt(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	f.sql(t, "INSERT INTO skills (id, name) OVERRIDING SYSTEM VALUE VALUES (1, 'Espanhol')")
	f.sql(t, "INSERT INTO skill_rules (skill_id, tag) VALUES (1, 'es')")
	f.sql(t, "INSERT INTO account_skills VALUES (?, 1)", f.ana.AccountID)
	f.sql(t, "INSERT INTO absences (account_id, from_at, to_at, reason, created_by) VALUES (?, ?, ?, 'cirurgia', ?)", f.ana.AccountID, f.now().Add(-time.Hour), f.now().Add(time.Hour), f.ana.AccountID)
	tk := f.open(t, ticket.Ticket{Tags: []string{"es"}}, time.Hour)
	f.drain(t)
	e, err := f.r.Explain(t.Context(), tickettest.Fresh(t, f.db, tk.ID))
	if err != nil || e.Verdict != routing.Nobody || len(e.Lacking) != 1 || e.Lacking[0].Name != "Espanhol" || len(e.People) != 2 {
		t.Fatalf("%+v %v", e, err)
	}
	if e.People[0].Obstacle != routing.Absent || e.People[1].Obstacle != routing.Unable || e.People[1].Of != routing.Usual {
		t.Errorf("%+v", e.People)
	}
	f.sql(t, "DELETE FROM absences")
	f.drain(t)
	e, err = f.r.Explain(t.Context(), tickettest.Fresh(t, f.db, tk.ID))
	if err != nil || e.Verdict != routing.Theirs || e.Told == nil || *e.Told.To != f.ana.AccountID || e.Told.Skills[0] != "Espanhol" {
		t.Errorf("%+v %v", e, err)
	}
	walled := tickettest.Open(t, f.db, ticket.Ticket{Walled: true})
	if e, err := f.r.Explain(t.Context(), walled); err != nil || e.Verdict != routing.OfTheWall || e.People != nil {
		t.Errorf("%+v %v", e, err)
	}
}
