package sla

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/postgres"
)

const (
	batch      = 256              // clocks recorded in one transaction
	takeLease  = 10 * time.Second // after which a taken timer goes off again
	leadLease  = 6 * time.Second  // how long a dead leader is waited for
	leadRenew  = 2 * time.Second
	sweepEvery = 5 * time.Second
	// sweepGrace leaves to the timers what they are about to do anyway.
	sweepGrace = time.Second
	// sweepAlone is how often is swept while there are no timers.
	sweepAlone = time.Second
)

// Recorder is told which clocks have, by all appearance, passed a stage. It
// records in one transaction, under the locks of their tickets, what really is
// so (RecordStages), and changes what hangs on it. What it returns is what it
// has recorded.
type Recorder interface {
	Record(ctx context.Context, due []Due) (recorded []Due, err error)
}

// Feed is the order of events: *event.Log.
type Feed interface {
	Head(ctx context.Context) (event.Position, error)
	Follow(ctx context.Context, from event.Position, fn func([]event.Event) error) error
}

// TimersDeps is what timers work with. All of it is needed.
type TimersDeps struct {
	DB       *postgres.DB
	Redis    redis.UniversalClient
	Recorder Recorder
	Feed     Feed
	Now      func() time.Time // PostgreSQL's time, see postgres.Clock
	Log      *slog.Logger
}

// Timers notices when clocks run out.
//
// Redis is the alarm: for each running clock the instant at which to look.
// PostgreSQL is the truth: what is found there is recorded, whatever the alarm
// said. One node at a time, by a lease in Redis, sets timers from the events and
// hears them; two at once do no harm. Besides, every node sweeps each few
// seconds what is overdue and unrecorded, however old, so that without Redis,
// or after anything that loses a timer, a breach is late and never lost.
type Timers struct {
	deps   TimersDeps
	alarm  alarm
	me     string
	lanes  []*lane
	reload chan struct{}
	// lost is whether Redis did not answer the last time it was asked.
	lost atomic.Bool
}

// NewTimers makes the timers of this node; Run works them.
func NewTimers(d TimersDeps) *Timers {
	t := &Timers{deps: d, alarm: alarm{d.Redis}, me: rand.Text(), reload: make(chan struct{}, 1)}
	for i := range laneCount {
		l := &lane{timers: t, wake: make(chan struct{}, 1)}
		for shard := i; shard < shards; shard += laneCount {
			l.shards = append(l.shards, shard)
		}
		t.lanes = append(t.lanes, l)
	}
	return t
}

// Run works until ctx ends. It owns every goroutine it starts and returns after
// the last of them.
func (t *Timers) Run(ctx context.Context) error {
	parts, ctx := errgroup.WithContext(ctx)
	parts.Go(func() error { t.sweepAll(ctx); return nil })
	parts.Go(func() error { t.campaign(ctx); return nil })
	return parts.Wait()
}

// heard notes whether Redis answers, and says so when that changes.
func (t *Timers) heard(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	if was := t.lost.Swap(err != nil); was == (err != nil) {
		return
	}
	if err != nil {
		t.deps.Log.WarnContext(ctx, "degraded: no SLA timers, sweeping PostgreSQL instead", slog.Any("error", err))
	} else {
		t.deps.Log.InfoContext(ctx, "SLA timers are back")
	}
}

// sleep waits and reports whether ctx still lasts.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
