package sla_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/sla"
)

// recorder records as package desk does, under the locks of the tickets, and
// remembers what was recorded.
type recorder struct {
	db   *postgres.DB
	fail func(due []sla.Due) error // asked first, when set

	mu       sync.Mutex
	recorded []sla.Due
}

func (r *recorder) Record(ctx context.Context, due []sla.Due) (out []sla.Due, err error) {
	if r.fail != nil {
		if err := r.fail(due); err != nil {
			return nil, err
		}
	}
	tickets := make([]string, len(due))
	for i, d := range due {
		tickets[i] = fmt.Sprint(d.TicketID)
	}
	err = r.db.InTx(ctx, func(tx *gorm.DB) error {
		lock := "SELECT id FROM tickets WHERE id IN (" + strings.Join(tickets, ",") + ") ORDER BY id FOR UPDATE"
		if err := tx.Exec(lock).Error; err != nil {
			return err
		}
		out, err = sla.RecordStages(tx, due)
		return err
	})
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.recorded = append(r.recorded, out...)
	return out, nil
}

// count is how many breaches were recorded; it fails on any stage recorded twice.
func (r *recorder) count(t testing.TB) (breaches int) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := map[string]bool{}
	for _, d := range r.recorded {
		key := fmt.Sprint(d.ClockID, d.Stage)
		if seen[key] {
			t.Fatalf("stage %d of clock %d was recorded twice", d.Stage, d.ClockID)
		}
		seen[key] = true
		if d.Stage == sla.StageDue {
			breaches++
		}
	}
	return breaches
}

type node struct {
	*sla.Timers
	*event.Log
	*event.Sequencer
}

// newNode makes the timers of one node, and what they follow.
func newNode(t testing.TB, db *postgres.DB, rdb redis.UniversalClient, r sla.Recorder, now func() time.Time) node {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	log := event.NewLog(db, rdb, quiet)
	timers := sla.NewTimers(sla.TimersDeps{DB: db, Redis: rdb, Recorder: r, Feed: log, Now: now, Log: quiet})
	return node{timers, log, event.NewSequencer(log)}
}

// start runs parts until the test ends, or until the returned function is called.
func start(t testing.TB, parts ...func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for _, run := range parts {
		wg.Go(func() {
			if err := run(ctx); err != nil {
				t.Errorf("a part ended with %v", err)
			}
		})
	}
	stop = sync.OnceFunc(func() { cancel(); wg.Wait() })
	t.Cleanup(stop)
	return stop
}

func (n node) start(t testing.TB) (stop func()) {
	return start(t, n.Log.Run, n.Sequencer.Run, n.Timers.Run)
}

// tell says that something happened to a ticket.
func (n node) tell(t testing.TB, db *postgres.DB, ticketID int64, version int) {
	t.Helper()
	act(t, db, func(tx *gorm.DB) error {
		return event.Append(tx, event.New{
			TicketID: ticketID, Version: version, Kind: event.TicketStatus, Audience: access.Audience{Team: 1}, At: time.Now(),
			Payload: event.Payload{Row: []byte("{}"), Data: []byte("{}")},
		})
	})
	n.Poke()
}

// eventually waits for a condition and fails when it does not come.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	deadline := time.After(40 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-deadline:
			t.Fatalf("waited in vain until %s", what)
		case <-tick.C:
		}
	}
}

// spread opens n tickets whose clocks run out evenly from now+first on.
func spread(t testing.TB, db *postgres.DB, n int, first, over time.Duration) (tickets []int64) {
	t.Helper()
	for i := range n {
		tickets = append(tickets, openTicket(t, db, clockDue(first+over*time.Duration(i)/time.Duration(n))))
	}
	return tickets
}

// nothingEarly fails when a stage was recorded before it was reached.
func nothingEarly(t testing.TB, db *postgres.DB) {
	t.Helper()
	var early int
	if err := db.Gorm.Raw("SELECT count(*) FROM clock_stages WHERE at < due").Scan(&early).Error; err != nil {
		t.Fatal(err)
	}
	if early > 0 {
		t.Errorf("%d stages were recorded too early", early)
	}
}
