package event_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
)

// BenchmarkSequencer shows how many events a second get their positions and reach
// a follower when there are always more.
func BenchmarkSequencer(b *testing.B) {
	db := pgtest.New(b)
	l := event.NewLog(db, redistest.New(b), slog.New(slog.DiscardHandler))
	seq := event.NewSequencer(l)
	head, err := event.Settle(b.Context(), db)
	if err != nil {
		b.Fatal(err)
	}
	err = db.Gorm.Exec(`INSERT INTO events (ticket_id, version, kind, team_id, walled, payload)
	  SELECT i, 1, 'ticket.opened', 1, false, jsonb_build_object('row', jsonb_build_object('id', i, 'text', ?::text), 'data', null)
	    FROM generate_series(1, ?) i`, strings.Repeat("x", 700), b.N).Error
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var parts sync.WaitGroup
	defer parts.Wait()
	defer cancel()
	parts.Go(func() { _ = l.Run(ctx) })
	heard := make(chan int64)
	b.ResetTimer()
	parts.Go(func() { _ = seq.Run(ctx) })
	parts.Go(func() {
		_ = l.Follow(ctx, head, func(events []event.Event) error {
			if last := events[len(events)-1].Pos; last == int64(b.N) {
				heard <- last
			}
			return nil
		})
	})
	<-heard
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
