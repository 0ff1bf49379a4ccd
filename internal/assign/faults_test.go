package assign_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/assign"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

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
	t.Run("a copy of an older lease: the holder renews all the same, and the copy is the new one's", func(t *testing.T) {
		t.Parallel()
		f := newFloor(t)
		tk := tickettest.Open(t, f.db, ticket.Ticket{})
		f.mustClaim(t, f.ana, tk.ID)
		stale := f.rdb.Get(t.Context(), fmt.Sprintf("lease:{%d}", tk.ID)).Val()
		if _, _, err := f.s.Claim(t.Context(), f.sup, tk.ID, &assign.TakeOver{Reason: "parou"}); err != nil {
			t.Fatal(err)
		}
		_, lease := f.mustClaim(t, f.sup, tk.ID)
		if err := f.rdb.Set(t.Context(), fmt.Sprintf("lease:{%d}", tk.ID), stale, ticket.LeaseTime).Err(); err != nil {
			t.Fatal(err)
		}
		if _, err := f.s.Renew(t.Context(), f.sup, tk.ID, lease.Fence); err != nil {
			t.Errorf("the holder's renewal: %v", err)
		}
		if _, _, err := f.s.Claim(t.Context(), f.sup, tk.ID, nil); err != nil {
			t.Errorf("the holder claims again: %v", err)
		}
	})
	t.Run("a renewal that comes too late leaves the new holder's copy alone", func(t *testing.T) {
		t.Parallel()
		f := newFloor(t)
		tk := tickettest.Open(t, f.db, ticket.Ticket{})
		_, old := f.mustClaim(t, f.ana, tk.ID)
		if _, _, err := f.s.Claim(t.Context(), f.sup, tk.ID, &assign.TakeOver{Reason: "parou"}); err != nil {
			t.Fatal(err)
		}
		if _, err := f.s.Renew(t.Context(), f.ana, tk.ID, old.Fence); !errors.Is(err, ticket.ErrLeaseLost) {
			t.Errorf("the old fence: %v", err)
		}
		if n := f.rdb.DBSize(t.Context()).Val(); n != 1 {
			t.Errorf("%d copies are left", n)
		}
	})
	t.Run("Redis deaf for a moment: what it did not hear is brought to it, of both kinds", func(t *testing.T) {
		t.Parallel()
		f := newFloor(t)
		engine := redistest.Start(t)
		rdb := engine.Client()
		s := service(f.db, rdb)
		running, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(running) }()
		given, taken := tickettest.Open(t, f.db, ticket.Ticket{}), tickettest.Open(t, f.db, ticket.Ticket{})
		if _, _, err := s.Claim(t.Context(), f.ana, given.ID, nil); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Claim(t.Context(), f.ana, taken.ID, nil); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(engine.PID(), syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Release(t.Context(), f.ana, given.ID); err != nil {
			t.Fatal(err)
		}
		_, lease, err := s.Claim(t.Context(), f.sup, taken.ID, &assign.TakeOver{Reason: "parou"})
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(engine.PID(), syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		until(t, func() bool { return rdb.Exists(t.Context(), fmt.Sprintf("lease:{%d}", given.ID)).Val() == 0 })
		want := fmt.Sprintf("%d:%d:", f.sup.AccountID, lease.Fence)
		until(t, func() bool {
			return strings.HasPrefix(rdb.Get(t.Context(), fmt.Sprintf("lease:{%d}", taken.ID)).Val(), want)
		})
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
