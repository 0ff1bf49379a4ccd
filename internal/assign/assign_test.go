package assign_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/assign"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

type pokes struct{ n atomic.Int64 }

func (p *pokes) Poke() { p.n.Add(1) }

// now is the machine's clock, which is PostgreSQL's too: both run here.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

func service(db *postgres.DB, rdb redis.UniversalClient) *assign.Service {
	return assign.New(db, rdb, &pokes{}, now, slog.New(slog.NewTextHandler(io.Discard, nil)))
}

// floor is a database with two agents and a supervisor of the default team.
type floor struct {
	db                    *postgres.DB
	rdb                   redis.UniversalClient
	s                     *assign.Service
	ana, bruno, sup, away access.Actor
}

func newFloor(t *testing.T) floor {
	t.Helper()
	f := floor{db: pgtest.New(t), rdb: redistest.New(t)}
	f.s = service(f.db, f.rdb)
	f.ana = tickettest.Account(t, f.db, access.Agent, tickettest.DefaultTeam)
	f.bruno = tickettest.Account(t, f.db, access.Agent, tickettest.DefaultTeam)
	f.sup = tickettest.Account(t, f.db, access.Supervisor, tickettest.DefaultTeam)
	f.away = tickettest.Account(t, f.db, access.Agent, tickettest.Team(t, f.db, "Longe"))
	return f
}

// runOut lets PostgreSQL's lease of a ticket end.
func (f floor) runOut(t *testing.T, id int64) {
	t.Helper()
	f.sql(t, "UPDATE tickets SET lease_until = now() - interval '1 second' WHERE id = ?", id)
}

func (f floor) sql(t *testing.T, sql string, args ...any) {
	t.Helper()
	if err := f.db.Gorm.Exec(sql, args...).Error; err != nil {
		t.Fatal(err)
	}
}

func (f floor) flush(t *testing.T) {
	t.Helper()
	if err := f.rdb.FlushAll(context.WithoutCancel(t.Context())).Err(); err != nil {
		t.Fatal(err)
	}
}

func TestAClaimMakesTheCallerHolderAndAssigneeAndTurnsRivalsAway(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	tk := tickettest.Open(t, f.db, ticket.Ticket{})
	before := now()
	got, lease, err := f.s.Claim(t.Context(), f.ana, tk.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	if *got.HolderID != f.ana.AccountID || *got.AssigneeID != f.ana.AccountID || got.Status != ticket.Open || lease.Fence != tk.Fence+1 {
		t.Errorf("claimed %+v with %+v", got, lease)
	}
	if left := lease.ExpiresAt.Sub(before); left < ticket.LeaseTime-time.Second || left > ticket.LeaseTime+10*time.Second {
		t.Errorf("the lease lives %s", left)
	}
	_, _, err = f.s.Claim(t.Context(), f.bruno, tk.ID, nil)
	if who := fault.From(err).Args["holder"]; !errors.Is(err, ticket.ErrClaimed) || who != (ticket.Person{ID: f.ana.AccountID, Name: f.ana.Name}) {
		t.Errorf("the rival got %v, holder %v", err, who)
	}
	// The copy turned the rival away: PostgreSQL was not even asked for a lock.
	f.sql(t, "UPDATE tickets SET holder_id = NULL, assignee_id = NULL WHERE id = ?", tk.ID)
	if _, _, err := f.s.Claim(t.Context(), f.bruno, tk.ID, nil); !errors.Is(err, ticket.ErrClaimed) {
		t.Errorf("a rival of a copied lease got past Redis: %v", err)
	}
}

// The rows of DESIGN's table of faults that a claim can meet.
func TestClaimsWhenSomethingFails(t *testing.T) {
	t.Parallel()
	t.Run("Redis flushed: rivals reach PostgreSQL, one winner, the copy comes back with the renewal", func(t *testing.T) {
		t.Parallel()
		f := newFloor(t)
		tk := tickettest.Open(t, f.db, ticket.Ticket{})
		_, lease := f.mustClaim(t, f.ana, tk.ID)
		f.flush(t)
		if _, _, err := f.s.Claim(t.Context(), f.bruno, tk.ID, nil); !errors.Is(err, ticket.ErrClaimed) {
			t.Fatalf("the rival after FLUSHALL: %v", err)
		}
		if _, err := f.s.Renew(t.Context(), f.ana, tk.ID, lease.Fence); err != nil {
			t.Fatal(err)
		}
		if n := f.rdb.DBSize(t.Context()).Val(); n != 1 {
			t.Errorf("%d copies after the renewal", n)
		}
	})
	t.Run("Redis gone: the same without it", func(t *testing.T) {
		t.Parallel()
		f := newFloor(t)
		engine := redistest.Start(t)
		s := service(f.db, engine.Client())
		engine.Kill()
		tk := tickettest.Open(t, f.db, ticket.Ticket{})
		_, lease, err := s.Claim(t.Context(), f.ana, tk.ID, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Claim(t.Context(), f.bruno, tk.ID, nil); !errors.Is(err, ticket.ErrClaimed) {
			t.Errorf("the rival without Redis: %v", err)
		}
		if _, err := s.Renew(t.Context(), f.ana, tk.ID, lease.Fence); err != nil {
			t.Errorf("renewing without Redis: %v", err)
		}
		if _, err := s.Release(t.Context(), f.ana, tk.ID); err != nil {
			t.Errorf("releasing without Redis: %v", err)
		}
		if _, _, found, err := s.Next(t.Context(), f.bruno); err != nil || !found {
			t.Errorf("the next without Redis: %v, %v", found, err)
		}
	})
	t.Run("stale copy: a free ticket is refused for no longer than the copy lives", func(t *testing.T) {
		t.Parallel()
		f := newFloor(t)
		tk := tickettest.Open(t, f.db, ticket.Ticket{})
		f.mustClaim(t, f.ana, tk.ID)
		f.sql(t, "UPDATE tickets SET holder_id = NULL, assignee_id = NULL WHERE id = ?", tk.ID)
		if ttl := f.rdb.PTTL(t.Context(), fmt.Sprintf("lease:{%d}", tk.ID)).Val(); ttl <= 0 || ttl > ticket.LeaseTime {
			t.Errorf("the copy lives %s", ttl)
		}
		if err := f.rdb.PExpire(t.Context(), fmt.Sprintf("lease:{%d}", tk.ID), time.Millisecond).Err(); err != nil {
			t.Fatal(err)
		}
		until(t, func() bool { return f.rdb.DBSize(t.Context()).Val() == 0 })
		f.mustClaim(t, f.bruno, tk.ID)
	})
	t.Run("node paused past its lease: old fence, no renewal", func(t *testing.T) {
		t.Parallel()
		f := newFloor(t)
		tk := tickettest.Open(t, f.db, ticket.Ticket{})
		_, paused := f.mustClaim(t, f.ana, tk.ID)
		f.runOut(t, tk.ID)
		f.flush(t)
		if _, _, err := f.s.Claim(t.Context(), f.sup, tk.ID, &assign.TakeOver{Reason: "parou"}); err != nil {
			t.Fatal(err)
		}
		f.flush(t) // not even Redis remembers
		if _, err := f.s.Renew(t.Context(), f.ana, tk.ID, paused.Fence); !errors.Is(err, ticket.ErrLeaseLost) {
			t.Errorf("the old fence: %v", err)
		}
		if got := tickettest.Fresh(t, f.db, tk.ID); *got.HolderID != f.sup.AccountID {
			t.Errorf("the holder was robbed by %d", *got.HolderID)
		}
	})
	t.Run("answer of COMMIT lost: the same caller claims again and has it", func(t *testing.T) {
		t.Parallel()
		f := newFloor(t)
		tk := tickettest.Open(t, f.db, ticket.Ticket{})
		_, first := f.mustClaim(t, f.ana, tk.ID) // as if nobody had heard this
		_, again := f.mustClaim(t, f.ana, tk.ID)
		if again.Fence != first.Fence+1 {
			t.Errorf("fence %d after %d", again.Fence, first.Fence)
		}
	})
}

func (f floor) mustClaim(t *testing.T, who access.Actor, id int64) (ticket.Ticket, assign.Lease) {
	t.Helper()
	tk, lease, err := f.s.Claim(t.Context(), who, id, nil)
	if err != nil {
		t.Fatalf("%s claims %d: %v", who.Name, id, err)
	}
	return tk, lease
}

func TestAnAssignedTicketIsTakenOnlyByATakeOverWithAReason(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	tk := tickettest.Open(t, f.db, ticket.Ticket{})
	f.mustClaim(t, f.ana, tk.ID)
	f.runOut(t, tk.ID)
	f.flush(t)
	if _, _, err := f.s.Claim(t.Context(), f.bruno, tk.ID, nil); !errors.Is(err, ticket.ErrClaimed) || fault.From(err).Args["holder"].(ticket.Person).ID != f.ana.AccountID {
		t.Errorf("after the lease: %v", err)
	}
	if _, _, err := f.s.Claim(t.Context(), f.bruno, tk.ID, &assign.TakeOver{Reason: "quero"}); !errors.Is(err, assign.ErrTakeOver) {
		t.Errorf("an agent took over: %v", err)
	}
	if _, _, err := f.s.Claim(t.Context(), f.sup, tk.ID, &assign.TakeOver{Reason: " \n"}); !errors.Is(err, ticket.ErrInvalid) {
		t.Errorf("without a reason: %v", err)
	}
	got, _, err := f.s.Claim(t.Context(), f.sup, tk.ID, &assign.TakeOver{Reason: "plantão acabou"})
	if err != nil || *got.AssigneeID != f.sup.AccountID {
		t.Errorf("the take-over: %+v, %v", got, err)
	}
	f.mustClaim(t, f.sup, tk.ID)
}

func TestWhatIsHiddenIsAbsentWhoeverHoldsIt(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	held, free := tickettest.Open(t, f.db, ticket.Ticket{}), tickettest.Open(t, f.db, ticket.Ticket{})
	f.mustClaim(t, f.ana, held.ID)
	for _, id := range []int64{held.ID, free.ID, 1 << 40} {
		if _, _, err := f.s.Claim(t.Context(), f.away, id, nil); !errors.Is(err, ticket.ErrNotFound) {
			t.Errorf("claim of %d from outside: %v", id, err)
		}
		if _, err := f.s.Release(t.Context(), f.away, id); !errors.Is(err, ticket.ErrNotFound) {
			t.Errorf("release of %d from outside: %v", id, err)
		}
	}
	if got := tickettest.Fresh(t, f.db, free.ID); got.Version != free.Version || got.Fence != free.Fence {
		t.Errorf("a refused claim left %+v", got)
	}
}

func TestWhoMayRelease(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	tk := tickettest.Open(t, f.db, ticket.Ticket{})
	f.mustClaim(t, f.ana, tk.ID)
	if _, err := f.s.Release(t.Context(), f.bruno, tk.ID); !errors.Is(err, ticket.ErrNotYours) {
		t.Errorf("a colleague released it: %v", err)
	}
	got, err := f.s.Release(t.Context(), f.ana, tk.ID)
	if err != nil || got.HolderID != nil || got.AssigneeID != nil {
		t.Fatalf("%+v, %v", got, err)
	}
	if again, err := f.s.Release(t.Context(), f.ana, tk.ID); err != nil || again.Version != got.Version {
		t.Errorf("releasing what is free: version %d, %v", again.Version, err)
	}
	f.mustClaim(t, f.bruno, tk.ID) // no copy is left behind
	if _, err := f.s.Release(t.Context(), f.sup, tk.ID); err != nil {
		t.Errorf("a supervisor releases: %v", err)
	}
	done := tickettest.Open(t, f.db, ticket.Ticket{Status: ticket.Resolved})
	if _, _, err := f.s.Claim(t.Context(), f.ana, done.ID, nil); !errors.Is(err, ticket.ErrClosed) {
		t.Errorf("claim of a resolved ticket: %v", err)
	}
}

func TestALeaseThatRanOutIsClearedAndTheAssigneeStays(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	dead, alive := tickettest.Open(t, f.db, ticket.Ticket{}), tickettest.Open(t, f.db, ticket.Ticket{})
	f.mustClaim(t, f.ana, dead.ID)
	f.mustClaim(t, f.ana, alive.ID)
	f.runOut(t, dead.ID)
	told := tickettest.Replay(t, f.db, func() {
		if err := f.s.Expire(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	if len(told) != 1 || told[0].Kind != event.TicketLeaseExpired || told[0].TicketID != dead.ID {
		t.Errorf("told %+v", told)
	}
	if got := tickettest.Fresh(t, f.db, dead.ID); got.HolderID != nil || *got.AssigneeID != f.ana.AccountID {
		t.Errorf("%+v", got)
	}
	if got := tickettest.Fresh(t, f.db, alive.ID); got.HolderID == nil {
		t.Error("a live lease was ended")
	}
}

func TestRenewalsReachPostgreSQLInOneStatementAndAtTheEnd(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	ctx, stop := context.WithCancel(t.Context())
	var ids []int64
	for range 3 {
		tk := tickettest.Open(t, f.db, ticket.Ticket{})
		_, lease := f.mustClaim(t, f.ana, tk.ID)
		ids = append(ids, tk.ID)
		f.runOut(t, tk.ID)
		if _, err := f.s.Renew(ctx, f.ana, tk.ID, lease.Fence); err != nil {
			t.Fatal(err)
		}
	}
	if got := tickettest.Fresh(t, f.db, ids[0]); got.LeaseUntil.After(now()) {
		t.Fatal("a renewal went to PostgreSQL at once though Redis has it")
	}
	stop()
	if err := f.s.Run(ctx); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if got := tickettest.Fresh(t, f.db, id); !got.HeldBy(f.ana.AccountID, now().Add(time.Minute)) || got.Version != 2 {
			t.Errorf("ticket %d after the end: %+v", id, got)
		}
	}
}

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
		"Expire":  func(id int64) error { f.runOut(t, id); return f.s.Expire(t.Context()) },
	}
	without := map[string]bool{"Renew": true, "Forget": true, "Run": true} // no ticket changes by them, or by Expire only
	prepare := map[string]func(id int64){
		"Release": func(id int64) { f.mustClaim(t, f.ana, id) },
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

// until waits for a condition, up to ten seconds.
func until(t *testing.T, ok func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatal("it never came to that")
		case <-tick.C:
		}
	}
}
