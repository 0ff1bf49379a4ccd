package postgres_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
)

func TestClockFollowsPostgresAndNeverGoesBack(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	c, err := postgres.NewClock(t.Context(), db.Pool)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		if err := c.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	for range 4 {
		all.Go(func() {
			last := c.Now()
			for range 20_000 {
				now := c.Now()
				if now.Before(last) {
					t.Errorf("%v after %v", now, last)
					return
				}
				last = now
			}
		})
	}
	var theirs time.Time
	if err := db.Pool.QueryRow(t.Context(), "SELECT clock_timestamp()").Scan(&theirs); err != nil {
		t.Fatal(err)
	}
	// The same machine, so the two differ by no more than scheduling on a busy one.
	now := c.Now()
	if d := now.Sub(theirs).Abs(); d > 2*time.Second {
		t.Errorf("off by %v", d)
	}
	if now.Location() != time.UTC || now.Nanosecond()%1000 != 0 {
		t.Errorf("%v is not UTC in microseconds", now)
	}
	stop()
	all.Wait()
}

func TestClockNeedsItsFirstAnswer(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := postgres.NewClock(ctx, db.Pool); err == nil {
		t.Error("a clock without any answer")
	}
}
