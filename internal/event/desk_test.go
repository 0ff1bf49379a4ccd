package event_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/postgres"
)

// seed makes n tickets at version 0, so that their first event is version 1.
func seed(t *testing.T, db *postgres.DB, n int) []int64 {
	t.Helper()
	var ids []int64
	err := db.Gorm.Raw(`INSERT INTO tickets (protocol, brand_id, channel, kind, subject, team_id, version)
	  SELECT lpad(i::text, 17, '0'), (SELECT min(id) FROM brands), 'webform', 'duvida', 'x', (SELECT min(id) FROM teams), 0
	    FROM generate_series(1, ?) i RETURNING id`, n).Scan(&ids).Error
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

var errUndone = errors.New("undone on purpose")

// change raises a ticket's version and records it, as every act does. Some
// transactions dawdle, so that they commit in another order than they began.
func change(ctx context.Context, db *postgres.DB, ticket int64, undo bool) error {
	return db.InTx(ctx, func(tx *gorm.DB) error {
		var version int
		err := tx.Raw(`UPDATE tickets SET version = version + 1 WHERE id = ? RETURNING version`, ticket).Scan(&version).Error
		if err != nil {
			return err
		}
		err = event.Append(tx, event.New{
			TicketID: ticket, Version: version, Kind: event.TicketChanged, Audience: access.Audience{Team: 1},
			Payload: map[string]any{"row": map[string]any{"id": ticket, "version": version}},
		})
		if err != nil {
			return err
		}
		if rand.N(4) == 0 {
			if err := tx.Exec(`SELECT pg_sleep(random() * 0.004)`).Error; err != nil {
				return err
			}
		}
		if undo {
			return errUndone
		}
		return nil
	})
}

// storm lets writers change hot tickets until stop is called, which returns how
// many changes were committed.
func storm(t *testing.T, db *postgres.DB, poke func(), tickets []int64, writers int) (stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		done int
	)
	for range writers {
		wg.Go(func() {
			for ctx.Err() == nil {
				// Not ctx: whether a cancelled COMMIT happened would be unknown.
				err := change(t.Context(), db, tickets[rand.N(len(tickets))], rand.N(8) == 0)
				if err == nil {
					poke()
					mu.Lock()
					done++
					mu.Unlock()
				} else if !errors.Is(err, errUndone) {
					t.Errorf("change a ticket: %v", err)
					return
				}
			}
		})
	}
	return func() int { cancel(); wg.Wait(); return done }
}

// follower notes what a reader is told, and complains about order at once.
type follower struct {
	mu       sync.Mutex
	first    int64
	last     int64
	count    int
	versions map[int64]int
	wrong    string
}

func (f *follower) take(events []event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range events {
		if f.last != 0 && e.Pos != f.last+1 && f.wrong == "" {
			f.wrong = fmt.Sprintf("position %d after %d", e.Pos, f.last)
		}
		if before, known := f.versions[e.TicketID]; known && e.Version != before+1 && f.wrong == "" {
			f.wrong = fmt.Sprintf("ticket %d: version %d after %d", e.TicketID, e.Version, before)
		}
		if f.count == 0 {
			f.first = e.Pos
		}
		f.last, f.versions[e.TicketID] = e.Pos, e.Version
		f.count++
	}
	return nil
}

func (f *follower) seen() (n int, wrong string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count, f.wrong
}

// node is what one server runs: a log with its tail, and a sequencer.
type node struct {
	log *event.Log
	seq *event.Sequencer
}

// run starts a part and ends it with the test, or earlier by the returned func.
func run(t *testing.T, what string, part func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- part(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			select {
			case err := <-done:
				if err != nil {
					t.Errorf("%s ended with %v", what, err)
				}
			case <-time.After(20 * time.Second):
				t.Errorf("%s did not end", what)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

func newNode(db *postgres.DB, rdb redis.UniversalClient) node {
	l := event.NewLog(db, rdb, slog.New(slog.DiscardHandler))
	return node{log: l, seq: event.NewSequencer(l)}
}

// start runs the node's tail and sequencer and returns how to end the sequencer.
func (n node) start(t *testing.T) (stopSequencer func()) {
	t.Helper()
	run(t, "log", n.log.Run)
	return run(t, "sequencer", n.seq.Run)
}

// follow starts a follower at the head.
func follow(t *testing.T, l *event.Log) *follower {
	t.Helper()
	head, err := l.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return followFrom(t, l, head)
}

func followFrom(t *testing.T, l *event.Log, from event.Position) *follower {
	t.Helper()
	f := &follower{versions: map[int64]int{}}
	run(t, "follower", func(ctx context.Context) error { return l.Follow(ctx, from, f.take) })
	return f
}

// wait waits until cond holds; what it waits for goes into the failure.
func wait(t *testing.T, what string, cond func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("in vain: %s", what)
		}
	}
}

// expect waits until each follower was told exactly want events, in order.
func expect(t *testing.T, want int, followers ...*follower) {
	t.Helper()
	for i, f := range followers {
		wait(t, fmt.Sprintf("follower %d to hear of %d changes", i, want), func() bool {
			n, wrong := f.seen()
			return n >= want || wrong != ""
		})
		if n, wrong := f.seen(); wrong != "" || n != want {
			t.Errorf("follower %d heard of %d of %d changes; %s", i, n, want, wrong)
		}
	}
}
