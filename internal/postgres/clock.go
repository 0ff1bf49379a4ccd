package postgres

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// How often the estimate is renewed, and how many answers one estimate compares.
const (
	clockRefresh = time.Minute
	clockProbes  = 5
	// clockLook is how often one question finds out whether PostgreSQL's clock was
	// set, by more than clockSet. What is less is taken for drift.
	clockLook = 10 * time.Second
	clockSet  = 2 * time.Second
)

// Clock estimates PostgreSQL's clock, so that rows stamped by different nodes,
// and rows stamped by PostgreSQL itself, lie on one line of time. It counts from
// the process's monotonic clock: setting the machine's clock does not move it.
//
// It does not go back for a little. When PostgreSQL's clock does, Now stands still
// until it has caught up: two events in the wrong order would cost more than a few
// with the same time. Only when that clock was set, by seconds or hours, Now follows
// it, within clockLook: to stand still for so long would cost the most. Whoever
// decides a lease or a breach asks PostgreSQL itself.
type Clock struct {
	pool   *pgxpool.Pool
	start  time.Time    // with its monotonic reading
	offset atomic.Int64 // microseconds since 1970 at start, by PostgreSQL's clock
	last   atomic.Int64 // microseconds since 1970 that Now gave last
}

// NewClock makes the first estimate; Run keeps it.
func NewClock(ctx context.Context, pool *pgxpool.Pool) (*Clock, error) {
	c := &Clock{pool: pool, start: time.Now()}
	if err := c.refresh(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// Now is PostgreSQL's time as far as known here, in UTC, to the microsecond.
func (c *Clock) Now() time.Time {
	now := c.offset.Load() + time.Since(c.start).Microseconds()
	for {
		last := c.last.Load()
		if now <= last {
			return time.UnixMicro(last).UTC()
		}
		if c.last.CompareAndSwap(last, now) {
			return time.UnixMicro(now).UTC()
		}
	}
}

// Run renews the estimate each minute until ctx ends. An engine that does not
// answer leaves the last estimate in place: quartz drifts by milliseconds in the
// time in which an outage is noticed.
func (c *Clock) Run(ctx context.Context) error {
	tick := time.NewTicker(clockLook)
	defer tick.Stop()
	for renewed := time.Now(); ; {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if time.Since(renewed) >= clockRefresh || c.wasSet(ctx) {
				_ = c.refresh(ctx)
				renewed = time.Now()
			}
		}
	}
}

// wasSet reports whether PostgreSQL's clock is far from where it should be.
func (c *Clock) wasSet(ctx context.Context) bool {
	var theirs time.Time
	before := c.Now()
	if err := c.pool.QueryRow(ctx, "SELECT clock_timestamp()").Scan(&theirs); err != nil {
		return false
	}
	return theirs.Before(before.Add(-clockSet)) || theirs.After(c.Now().Add(clockSet))
}

// refresh asks a few times and believes the quickest answer: what the question
// took bounds how wrong the middle of it can be.
func (c *Clock) refresh(ctx context.Context) error {
	conn, err := c.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("reach the database for its time: %w", err)
	}
	defer conn.Release()
	quickest := time.Duration(1<<63 - 1)
	var offset int64
	for range clockProbes {
		var theirs time.Time
		asked := time.Since(c.start)
		if err := conn.QueryRow(ctx, "SELECT clock_timestamp()").Scan(&theirs); err != nil {
			return fmt.Errorf("ask the database for its time: %w", err)
		}
		if took := time.Since(c.start) - asked; took < quickest {
			quickest = took
			offset = theirs.UnixMicro() - (asked + took/2).Microseconds()
		}
	}
	c.offset.Store(offset)
	if now := offset + time.Since(c.start).Microseconds(); c.last.Load()-now > clockSet.Microseconds() {
		c.last.Store(now)
	}
	return nil
}
