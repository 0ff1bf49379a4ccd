package sla

import (
	"context"
	"log/slog"
	"time"
)

// sweepAll sweeps until ctx ends.
func (t *Timers) sweepAll(ctx context.Context) {
	for {
		every, grace := sweepEvery, sweepGrace
		if t.lost.Load() {
			every, grace = sweepAlone, 0
		}
		if err := t.sweep(ctx, grace); err != nil && ctx.Err() == nil {
			t.deps.Log.WarnContext(ctx, "clocks cannot be swept, trying again", slog.Any("error", err))
		}
		if !sleep(ctx, every) {
			return
		}
	}
}

// sweep records what is overdue by more than the grace, by PostgreSQL alone.
func (t *Timers) sweep(ctx context.Context, grace time.Duration) error {
	for at := (watched{}); ; {
		page, err := t.overdue(ctx, grace, at)
		if err != nil || len(page) == 0 {
			return err
		}
		at = page[len(page)-1]
		clocks := make([]int64, len(page))
		for i, w := range page {
			clocks[i] = w.ID
		}
		settled, _, err := t.handle(ctx, clocks)
		if err != nil {
			return err
		}
		// A timer for the next stage saves the next sweep; it is no loss without.
		if !t.lost.Load() {
			t.heard(ctx, t.giveBack(ctx, settled))
			t.expect(settled)
		}
		if len(page) < batch {
			return nil
		}
	}
}

// giveBack sorts settled clocks by shard and gives each shard its own.
func (t *Timers) giveBack(ctx context.Context, settled []setting) error {
	var by [shards][]setting
	for _, s := range settled {
		by[shardOf(s.clock)] = append(by[shardOf(s.clock)], s)
	}
	for shard, list := range by {
		if len(list) == 0 {
			continue
		}
		if err := t.alarm.done(ctx, shard, list); err != nil {
			return err
		}
	}
	return nil
}
