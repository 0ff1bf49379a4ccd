package assign_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

func TestNextServesTheMostUrgentFirst(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	hour := now().Truncate(time.Hour)
	open := func(tk ticket.Ticket, due ...time.Time) int64 {
		if len(due) > 0 {
			tk.Deadline.Due = &due[0]
		}
		return tickettest.Open(t, f.db, tk).ID
	}
	// Not for Ana: another's, held, not our turn, done, another team, behind the wall.
	open(ticket.Ticket{AssigneeID: &f.bruno.AccountID}, hour)
	lives := now().Add(time.Minute)
	open(ticket.Ticket{HolderID: &f.bruno.AccountID, LeaseUntil: &lives}, hour)
	open(ticket.Ticket{Status: ticket.WaitingCustomer}, hour)
	open(ticket.Ticket{Status: ticket.WaitingThird}, hour)
	open(ticket.Ticket{Status: ticket.Resolved}, hour)
	open(ticket.Ticket{TeamID: f.away.Teams[0]}, hour)
	open(ticket.Ticket{Walled: true}, hour)

	never := open(ticket.Ticket{})
	later := open(ticket.Ticket{}, hour.Add(6*time.Hour))
	exactSecond := open(ticket.Ticket{}, hour.Add(3*time.Hour+20*time.Minute))
	exactFirst := open(ticket.Ticket{}, hour.Add(3*time.Hour+10*time.Minute))
	byLaw := open(ticket.Ticket{LegalPriority: 3}, hour.Add(3*time.Hour+50*time.Minute))
	mine := open(ticket.Ticket{AssigneeID: &f.ana.AccountID}, hour.Add(2*time.Hour))
	overdue := open(ticket.Ticket{}, hour.Add(-5*time.Hour))
	overdueByLaw := open(ticket.Ticket{LegalPriority: 1}, hour.Add(-5*time.Hour+time.Minute))

	want := []int64{overdueByLaw, overdue, mine, byLaw, exactFirst, exactSecond, later, never}
	var got []int64
	for range len(want) + 1 {
		tk, lease, found, err := f.s.Next(t.Context(), f.ana)
		if err != nil {
			t.Fatal(err)
		}
		if !found {
			break
		}
		if *tk.HolderID != f.ana.AccountID || lease.Fence != tk.Fence {
			t.Errorf("served %+v with %+v", tk, lease)
		}
		got = append(got, tk.ID)
	}
	if !slices.Equal(got, want) {
		t.Errorf("served %v, want %v", got, want)
	}
}

func TestTheOmbudsmanIsServedFromBehindTheWall(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	walled := tickettest.Open(t, f.db, ticket.Ticket{Walled: true})
	if tk, _, found, err := f.s.Next(t.Context(), f.sup); err != nil || found {
		t.Errorf("the supervisor got %d, %v", tk.ID, err)
	}
	ombudsman := tickettest.Account(t, f.db, access.Ombudsman)
	if tk, _, found, err := f.s.Next(t.Context(), ombudsman); err != nil || !found || tk.ID != walled.ID {
		t.Errorf("the ombudsman got %d, %v, %v", tk.ID, found, err)
	}
}

func TestEachTicketIsServedToExactlyOneAsker(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	const tickets, askers = 24, 40
	for range tickets {
		tickettest.Open(t, f.db, ticket.Ticket{})
	}
	var mu sync.Mutex
	served := map[int64]int{}
	empty := 0
	var wg sync.WaitGroup
	for range askers {
		actor := tickettest.Account(t, f.db, access.Agent, tickettest.DefaultTeam)
		wg.Go(func() {
			tk, _, found, err := f.s.Next(t.Context(), actor)
			if err != nil {
				t.Errorf("next: %v", err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if !found {
				empty++
				return
			}
			served[tk.ID]++
		})
	}
	wg.Wait()
	if len(served) != tickets || empty != askers-tickets {
		t.Errorf("%d tickets served, %d went away empty", len(served), empty)
	}
	for id, n := range served {
		if n != 1 {
			t.Errorf("ticket %d was served %d times", id, n)
		}
	}
}

func TestAnEmptyAnswerIsAskedOnceMoreWaitingForWhatOthersHaveLocked(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	tk := tickettest.Open(t, f.db, ticket.Ticket{})
	locked, let := make(chan struct{}), make(chan struct{})
	other := make(chan error, 1)
	go func() {
		other <- f.db.InTx(t.Context(), func(tx *gorm.DB) error {
			err := tx.Exec("SELECT FROM tickets WHERE id = ? FOR UPDATE", tk.ID).Error
			close(locked)
			<-let
			return err
		})
	}()
	<-locked
	answered := make(chan bool, 1)
	go func() {
		_, _, found, err := f.s.Next(t.Context(), f.ana)
		if err != nil {
			t.Errorf("next: %v", err)
		}
		answered <- found
	}()
	until(t, func() bool {
		var waiting int
		if err := f.db.Gorm.Raw("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&waiting).Error; err != nil {
			t.Fatal(err)
		}
		return waiting == 1
	})
	close(let)
	if err := <-other; err != nil {
		t.Fatal(err)
	}
	if !<-answered {
		t.Error("the only ticket was locked for a moment, and the asker went away empty")
	}
}
