package sla

import (
	"context"
	"log/slog"
	"math"
	"sync/atomic"
	"time"
)

const (
	laneCount = 4
	// longest that a lane sleeps: its idea of the time may turn out to be wrong.
	longestSleep = 30 * time.Second
	// idleLook is the wait after a look that found nothing to record, as happens
	// when the estimate of PostgreSQL's time is ahead of it.
	idleLook = 20 * time.Millisecond
	// brokenLook is the wait after one that failed.
	brokenLook = time.Second
)

// lane hears the timers of some shards, one after the other. There are a few of
// them, so that a slow transaction holds up a part of the timers only.
type lane struct {
	timers *Timers
	shards []int
	wake   chan struct{}
	until  atomic.Int64 // microseconds since 1970 at which it wakes by itself
}

// poke makes the lane look now.
func (l *lane) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// expect tells the lane of a timer that was set. It is woken only for one that
// comes before it would wake by itself: nearly all timers are hours away.
func (l *lane) expect(at time.Time) {
	if at.UnixMicro() < l.until.Load() {
		l.poke()
	}
}

// run hears timers until ctx ends.
func (l *lane) run(ctx context.Context) {
	for ctx.Err() == nil {
		wait, err := l.pass(ctx)
		if err != nil && ctx.Err() == nil {
			l.timers.deps.Log.WarnContext(ctx, "SLA timers cannot be heard, trying again", slog.Any("error", err))
			wait = brokenLook
		}
		if wait <= 0 {
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-l.wake:
		}
		timer.Stop()
	}
}

// pass takes what has gone off in each shard, up to one batch in all, has it
// recorded and gives it back. It says how long to wait before the next one.
func (l *lane) pass(ctx context.Context) (time.Duration, error) {
	// Whatever is set from here on wakes the lane; what was set before is found.
	l.until.Store(math.MaxInt64)
	now := l.timers.deps.Now()
	next := now.Add(longestSleep)
	var clocks []int64
	for _, shard := range l.shards {
		t, err := l.timers.alarm.take(ctx, shard, now, now.Add(takeLease), batch/len(l.shards))
		if err != nil {
			return 0, err
		}
		if !t.complete {
			l.timers.missing()
		}
		if !t.next.IsZero() && t.next.Before(next) {
			next = t.next
		}
		clocks = append(clocks, t.clocks...)
	}
	if len(clocks) == 0 {
		l.until.Store(next.UnixMicro())
		return next.Sub(l.timers.deps.Now()), nil
	}
	settled, progress, err := l.timers.handle(ctx, clocks)
	if err != nil {
		return 0, err
	}
	if err := l.timers.giveBack(ctx, settled); err != nil {
		return 0, err
	}
	if !progress {
		l.until.Store(now.Add(idleLook).UnixMicro())
		return idleLook, nil
	}
	return 0, nil
}
