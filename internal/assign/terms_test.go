package assign_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// next asks until nothing is left, and returns what was served in its order.
func (f floor) next(t *testing.T, actor access.Actor, n int) (got []int64) {
	t.Helper()
	for range n {
		tk, _, found, err := f.s.Next(t.Context(), actor)
		if err != nil {
			t.Fatal(err)
		}
		if !found {
			break
		}
		got = append(got, tk.ID)
	}
	return got
}

func TestNextServesOnlyWhatTheAskerHasTheSkillsFor(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	var reason, above int64
	if err := f.db.Gorm.Raw("SELECT id, parent_id FROM reasons WHERE name = 'Como acionar'").Row().Scan(&reason, &above); err != nil {
		t.Fatal(err)
	}
	hour := now().Truncate(time.Hour)
	open := func(tk ticket.Ticket, due time.Duration, reason int64) int64 {
		at := hour.Add(due)
		tk.Deadline.Due = &at
		id := tickettest.Open(t, f.db, tk).ID
		if reason != 0 {
			f.sql(t, "UPDATE tickets SET reason_id = ? WHERE id = ?", reason, id)
		}
		return id
	}
	warranty := open(ticket.Ticket{}, -time.Hour, reason)
	spanish := open(ticket.Ticket{Tags: []string{"idioma-es"}}, time.Hour, 0)
	mail := open(ticket.Ticket{Channel: "email"}, 2*time.Hour, 0)
	plain := open(ticket.Ticket{}, 3*time.Hour, 0)
	mine := open(ticket.Ticket{Channel: "email", AssigneeID: &f.ana.AccountID}, 4*time.Hour, reason)
	f.sql(t, `INSERT INTO skills (id, name) OVERRIDING SYSTEM VALUE VALUES (1, 'Garantia'), (2, 'Espanhol'), (3, 'E-mail')`)
	f.sql(t, `INSERT INTO skill_rules (skill_id, team_id, channel, reason_id, tag) VALUES (1, NULL, NULL, ?, NULL), (2, NULL, NULL, NULL, 'idioma-es'), (3, ?, 'email', NULL, NULL)`, above, tickettest.DefaultTeam)
	f.sql(t, `INSERT INTO account_skills VALUES (?, 2), (?, 1), (?, 3)`, f.ana.AccountID, f.bruno.AccountID, f.bruno.AccountID)

	if got, want := f.next(t, f.ana, 9), []int64{spanish, plain, mine}; !slices.Equal(got, want) {
		t.Errorf("Ana was served %v, want %v", got, want)
	}
	if got, want := f.next(t, f.bruno, 9), []int64{warranty, mail}; !slices.Equal(got, want) {
		t.Errorf("Bruno was served %v, want %v", got, want)
	}
}

func TestNextLeavesTheTicketsOfATeamThatWorksByHand(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	tickettest.Open(t, f.db, ticket.Ticket{})
	own := tickettest.Open(t, f.db, ticket.Ticket{AssigneeID: &f.ana.AccountID}).ID
	f.sql(t, "UPDATE teams SET routing = 'manual'")
	if got := f.next(t, f.ana, 9); !slices.Equal(got, []int64{own}) {
		t.Errorf("served %v, want what is Ana's alone: %d", got, own)
	}
}

func TestNextMixesKindsWhereNothingIsUrgent(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	f.sql(t, "UPDATE teams SET heavy_in_row = 2")
	open := func(kind ticket.Kind, due time.Duration) int64 {
		at := now().Add(due)
		return tickettest.Open(t, f.db, ticket.Ticket{Kind: kind, Deadline: ticket.Deadline{Due: &at}}).ID
	}
	overdue := open("reclamacao", -time.Hour)
	soon := open("contestacao", 10*time.Minute)
	nearly := open("denuncia", 40*time.Minute)
	var heavy []int64
	for i := range 4 {
		heavy = append(heavy, open("cancelamento", 24*time.Hour+time.Duration(i)*time.Hour))
	}
	question := open("duvida", 48*time.Hour)
	praise := open("elogio", 72*time.Hour)
	// What is overdue or nearly never waits; then a light one, two heavy ones, the
	// next light one, and heavy ones when there is nothing else.
	want := []int64{overdue, soon, nearly, question, heavy[0], heavy[1], praise, heavy[2], heavy[3]}
	if got := f.next(t, f.ana, 20); !slices.Equal(got, want) {
		t.Errorf("served %v, want %v", got, want)
	}
}

// Many ask at once: each gets a ticket, no two the same, and together they get
// the most urgent ones.
func TestManyAskersAreServedFairly(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	const askers, tickets = 30, 50
	f.sql(t, "UPDATE teams SET heavy_in_row = 1")
	var ids []int64
	for i := range tickets {
		at := now().Add(time.Duration(i) * 3 * time.Hour)
		ids = append(ids, tickettest.Open(t, f.db, ticket.Ticket{Kind: "duvida", Deadline: ticket.Deadline{Due: &at}}).ID)
	}
	people := make([]access.Actor, askers)
	for i := range people {
		people[i] = tickettest.Account(t, f.db, access.Agent, tickettest.DefaultTeam)
	}
	var mu sync.Mutex
	var got []int64
	var wg sync.WaitGroup
	for _, actor := range people {
		wg.Go(func() {
			tk, _, found, err := f.s.Next(t.Context(), actor)
			if err != nil || !found {
				t.Errorf("next: %v %v", found, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			got = append(got, tk.ID)
		})
	}
	wg.Wait()
	slices.Sort(got)
	if !slices.Equal(got, ids[:askers]) {
		t.Errorf("served %v, want the first %d: %v", got, askers, ids[:askers])
	}
}
