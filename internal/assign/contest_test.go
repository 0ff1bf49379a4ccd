package assign_test

import (
	"errors"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/assign"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// Every exported method that changes tickets, by name: the events it tells give
// the fresh rows. A new method without a row fails the test.
func TestTheEventsOfEveryCallGiveTheFreshRows(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	open := func() int64 { return tickettest.Open(t, f.db, ticket.Ticket{}).ID }
	calls := map[string]func(id int64) error{
		"Claim":   func(id int64) error { _, _, err := f.s.Claim(t.Context(), f.ana, id, nil); return err },
		"Release": func(id int64) error { _, err := f.s.Release(t.Context(), f.ana, id); return err },
		"Next":    func(int64) error { _, _, _, err := f.s.Next(t.Context(), f.ana); return err },
		"Skip": func(id int64) error {
			_, err := f.s.Skip(t.Context(), f.ana, id, assign.Skip{Reason: "breather"})
			return err
		},
		"Expire": func(id int64) error { f.runOut(t, id); return f.s.Expire(t.Context()) },
	}
	without := map[string]bool{"Renew": true, "Forget": true, "Run": true, "AllowSkips": true, "GivenBack": true} // no ticket changes by them, or by Expire only
	prepare := map[string]func(id int64){
		"Release": func(id int64) { f.mustClaim(t, f.ana, id) },
		"Skip":    func(id int64) { f.mustClaim(t, f.ana, id) },
		"Expire":  func(id int64) { f.mustClaim(t, f.ana, id) },
	}
	for m := range reflect.TypeFor[*assign.Service]().Methods() {
		if calls[m.Name] == nil && !without[m.Name] {
			t.Errorf("%s has no row in this test", m.Name)
		}
	}
	for name, call := range calls {
		id := open()
		if p := prepare[name]; p != nil {
			p(id)
		}
		told := tickettest.Replay(t, f.db, func() {
			if err := call(id); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
		if len(told) != 1 {
			t.Errorf("%s told %d events", name, len(told))
		}
	}
}

// attacks.md row 102: 64 agents fight over few tickets, Redis is flushed in the
// middle, and at no time does a ticket have two holders.
func TestAttack102NeverTwoHolders(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	const agents, tickets, rounds = 64, 4, 25
	var ids []int64
	for range tickets {
		ids = append(ids, tickettest.Open(t, f.db, ticket.Ticket{}).ID)
	}
	holders := make([]atomic.Int64, tickets)
	var won, refused atomic.Int64
	var wg sync.WaitGroup
	for a := range agents {
		actor := tickettest.Account(t, f.db, access.Agent, tickettest.DefaultTeam)
		wg.Go(func() {
			for round := range rounds {
				i := (a + round) % tickets
				_, lease, err := f.s.Claim(t.Context(), actor, ids[i], nil)
				switch {
				case errors.Is(err, ticket.ErrClaimed):
					refused.Add(1)
					continue
				case err != nil:
					t.Errorf("claim: %v", err)
					return
				}
				if other := holders[i].Swap(actor.AccountID); other != 0 {
					t.Errorf("ticket %d has %d and %d", ids[i], other, actor.AccountID)
				}
				won.Add(1)
				if round%7 == 3 {
					f.flush(t)
				}
				if _, err := f.s.Renew(t.Context(), actor, ids[i], lease.Fence); err != nil {
					t.Errorf("the holder could not renew: %v", err)
				}
				holders[i].Store(0)
				if _, err := f.s.Release(t.Context(), actor, ids[i]); err != nil {
					t.Errorf("release: %v", err)
				}
			}
		})
	}
	wg.Wait()
	if won.Load() < tickets || refused.Load() == 0 {
		t.Errorf("%d won, %d refused: no fight", won.Load(), refused.Load())
	}
	var fences int64
	if err := f.db.Gorm.Raw("SELECT sum(fence) FROM tickets").Scan(&fences).Error; err != nil || fences != won.Load() {
		t.Errorf("%d fences for %d claims, %v", fences, won.Load(), err)
	}
}
