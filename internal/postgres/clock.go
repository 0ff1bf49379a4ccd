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
)

// Clock estimates PostgreSQL's clock, so that rows stamped by different nodes,
// and rows stamped by PostgreSQL itself, lie on one line of time. It counts from
// the process's monotonic clock: setting the machine's clock does not move it.
//
// It never goes back. When PostgreSQL's clock does, Now stands still until it
// has caught up: two events in the wrong order would cost more than a few with
// the same time. Whoever decides a lease or a breach asks PostgreSQL itself.
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
	tick := time.NewTicker(clockRefresh)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			_ = c.refresh(ctx)
		}
	}
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
	return nil
}
