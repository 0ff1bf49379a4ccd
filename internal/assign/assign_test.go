package assign_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
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
