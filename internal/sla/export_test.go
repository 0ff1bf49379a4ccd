package sla

import (
	"context"
	"strconv"
	"sync"
	"time"
)

// Hear works the lanes of these timers without asking for the lead, as two
// nodes would that both believe they have it.
func (t *Timers) Hear(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, l := range t.lanes {
		wg.Go(func() { l.run(ctx) })
	}
	wg.Wait()
	return nil
}

// Load sets the timers of all running clocks.
func (t *Timers) Load(ctx context.Context) error { return t.load(ctx) }

// Take takes what has gone off in the shard of a clock.
func (t *Timers) Take(ctx context.Context, clock int64, now, lease time.Time) ([]int64, error) {
	got, err := t.alarm.take(ctx, shardOf(clock), now, lease, batch)
	return got.clocks, err
}

// GiveBack gives a clock back that was taken.
func (t *Timers) GiveBack(ctx context.Context, clock int64, next time.Time) error {
	return t.alarm.done(ctx, shardOf(clock), []setting{{clock, next}})
}

// Timer is when a clock's timer goes off; false when it has none.
func (t *Timers) Timer(ctx context.Context, clock int64) (time.Time, bool) {
	score, err := t.alarm.rdb.ZScore(ctx, timerKey(shardOf(clock)), strconv.FormatInt(clock, 10)).Result()
	return time.UnixMicro(int64(score)).UTC(), err == nil
}

// OverduePlan is the statement by which the sweep finds what is overdue.
const OverduePlan = `SELECT id FROM clocks WHERE state = 'running' AND stage < 100 AND ` + nextInstant + ` <= now()
	AND (` + nextInstant + `, id) > ('-infinity', 0) ORDER BY ` + nextInstant + `, id LIMIT 256`

// Registered is what counts the demands of a regime in a month.
const Registered = registered
