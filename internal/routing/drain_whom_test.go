package routing_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/presence"
	"github.com/escuta-sac/escuta/internal/routing"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

func TestWhatComesBackGoesToWhoAnsweredIt(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	f.sql(t, "UPDATE teams SET sticky_days = 30")
	var customer int64
	if err := f.db.Gorm.Raw("INSERT INTO customers (name) VALUES ('Rosa') RETURNING id").Scan(&customer).Error; err != nil {
		t.Fatal(err)
	}
	f.sql(t, "UPDATE teams SET routing = 'pull'")
	for i := range 3 { // Ana has more in hand: without a bond nothing would come to her
		f.open(t, ticket.Ticket{AssigneeID: &f.ana.AccountID, Subject: fmt.Sprint(i)}, time.Hour)
	}
	old := f.open(t, ticket.Ticket{CustomerID: &customer, Status: ticket.Closed, AssigneeID: &f.bruno.AccountID}, time.Hour)
	f.answered(t, old.ID, f.ana, 10*24*time.Hour)
	reopened := f.open(t, ticket.Ticket{Status: ticket.Open}, time.Hour)
	f.answered(t, reopened.ID, f.ana, time.Hour)
	returning := f.open(t, ticket.Ticket{CustomerID: &customer}, 2*time.Hour)
	f.sql(t, "UPDATE teams SET routing = 'push'")
	f.drain(t)
	for id, bond := range map[int64]routing.Bond{reopened.ID: routing.Answered, returning.ID: routing.Dealt} {
		if kind, why := f.told(t, id); kind != event.TicketRouted || why.To == nil || *why.To != f.ana.AccountID || why.Bond != bond || why.Met == nil {
			t.Errorf("%s: %s %+v", bond, kind, why)
		}
	}
	// After the days are over she is one of all.
	f.sql(t, "UPDATE messages SET at = at - interval '40 days'")
	again := f.open(t, ticket.Ticket{CustomerID: &customer}, time.Hour)
	f.drain(t)
	if f.whose(t, again.ID) != f.bruno.AccountID {
		t.Error("a bond that is over still binds")
	}
}

func TestWhatIsNotGivenOut(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	manual, pull := tickettest.Team(t, f.db, "À mão"), tickettest.Team(t, f.db, "Puxada")
	f.sql(t, "UPDATE teams SET routing = 'manual' WHERE id = ?", manual)
	f.sql(t, "INSERT INTO account_teams VALUES (?, ?), (?, ?)", f.ana.AccountID, manual, f.ana.AccountID, pull)
	lives := f.now().Add(time.Minute)
	for what, tk := range map[string]ticket.Ticket{
		"behind the wall": {Walled: true}, "of a team that takes": {TeamID: pull}, "of a team that works by hand": {TeamID: manual},
		"held": {HolderID: &f.bruno.AccountID, LeaseUntil: &lives}, "waits for the customer": {Status: ticket.WaitingCustomer},
		"done": {Status: ticket.Resolved}, "of a supervisor's other team": {TeamID: tickettest.Team(t, f.db, "Longe")},
	} {
		id := f.open(t, tk, time.Hour).ID
		f.drain(t)
		if f.whose(t, id) != 0 {
			t.Errorf("what is %s was given out", what)
		}
	}
	boss := tickettest.Account(t, f.db, access.Supervisor, tickettest.DefaultTeam)
	f.board.set(boss.AccountID, presence.Online)
	f.board.set(f.ana.AccountID, "")
	f.board.set(f.bruno.AccountID, "")
	id := f.open(t, ticket.Ticket{}, time.Hour).ID
	if f.drain(t); f.whose(t, id) != 0 {
		t.Error("a supervisor was given a ticket without being meant to")
	}
	f.capacity(t, boss, 1)
	if f.drain(t); f.whose(t, id) != boss.AccountID {
		t.Error("a supervisor who is meant to was given none")
	}
}

// What nobody can do stands before everything else, in great number, and holds up nothing.
func TestWhatNobodyCanDoHoldsUpNothing(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	f.sql(t, "INSERT INTO skills (id, name) OVERRIDING SYSTEM VALUE VALUES (1, 'Libras'), (2, 'Garantia'), (3, 'Espanhol')")
	f.sql(t, "INSERT INTO skill_rules (skill_id, tag) VALUES (1, 'libras'), (2, 'garantia'), (3, 'es')")
	f.sql(t, "INSERT INTO account_skills VALUES (?, 2), (?, 3)", f.ana.AccountID, f.bruno.AccountID)
	// Each of two skills somebody has, both together nobody.
	f.sql(t, `INSERT INTO tickets (protocol, brand_id, channel, kind, subject, team_id, tags, next_due)
		SELECT lpad(i::text, 17, '0'), 1, 'webform', 'duvida', 'x', 1, CASE WHEN i % 2 = 0 THEN '{libras}'::text[] ELSE '{garantia,es}' END,
		now() - (2000 - i) * interval '1 second' FROM generate_series(1, 1600) i`)
	plain, warranty := f.open(t, ticket.Ticket{}, 5*time.Hour), f.open(t, ticket.Ticket{Tags: []string{"garantia"}}, 6*time.Hour)
	f.drain(t)
	if f.whose(t, plain.ID) == 0 || f.whose(t, warranty.ID) != f.ana.AccountID {
		t.Errorf("the plain one is of %d, the other of %d", f.whose(t, plain.ID), f.whose(t, warranty.ID))
	}
	if _, why := f.told(t, warranty.ID); !slices.Equal(why.Skills, []string{"Garantia"}) {
		t.Errorf("told %+v", why)
	}
	spanish := tickettest.Fresh(t, f.db, plain.ID)
	spanish.Tags = []string{"es", "garantia"}
	e, err := f.r.Explain(t.Context(), spanish)
	if err != nil || len(e.Skills) != 2 || len(e.Lacking) != 0 {
		t.Errorf("%+v %v", e, err)
	}
}

// Whoever lets a ticket go does not have it again at once.
func TestWhatWasGivenBackGoesToSomebodyElse(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	f.board.set(f.bruno.AccountID, "")
	tk := f.open(t, ticket.Ticket{}, time.Hour)
	f.answered(t, tk.ID, f.ana, time.Hour)
	f.drain(t)
	err := f.db.InTx(t.Context(), func(tx *gorm.DB) error {
		cause := ticket.Cause{Kind: event.TicketReleased, ActorID: &f.ana.AccountID, At: f.now()}
		_, err := ticket.Change(t.Context(), tx, tk.ID, cause, func(t *ticket.Ticket) error { t.AssigneeID = nil; return nil })
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	f.drain(t)
	e, err := f.r.Explain(t.Context(), tickettest.Fresh(t, f.db, tk.ID))
	if err != nil || e.Verdict != routing.Nobody || e.People[0].Obstacle != routing.Spurns {
		t.Errorf("%+v %v", e, err)
	}
	f.board.set(f.bruno.AccountID, presence.Online)
	f.drain(t)
	if f.whose(t, tk.ID) != f.bruno.AccountID {
		t.Errorf("it went to %d", f.whose(t, tk.ID))
	}
}
