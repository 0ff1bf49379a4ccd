package presence

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// channel is the PostgreSQL channel on which nodes hear whose standing has changed.
const channel = "escuta_standings"

const (
	// reload is how often all standings are read: time alone ends some.
	reload = 15 * time.Second
	// gatherFor is how long changes are gathered before they are read.
	gatherFor = 100 * time.Millisecond
	// again is how long Run waits before it listens again after a failure.
	again = time.Second
)

// Run keeps the board told until ctx ends. While PostgreSQL is away the board
// shows what was known last.
func (s *Standings) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		err := s.follow(ctx)
		if ctx.Err() != nil {
			return nil
		}
		s.log.WarnContext(ctx, "breaks and calls are shown as they were until PostgreSQL is there again", slog.Any("error", err))
		select {
		case <-ctx.Done():
		case <-time.After(again):
		}
	}
	return nil
}

// whose gathers the accounts that were told of until they are read.
type whose struct {
	mu       sync.Mutex
	accounts map[int64]bool
	some     chan struct{}
}

func (w *whose) add(text string) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return
	}
	w.mu.Lock()
	w.accounts[id] = true
	w.mu.Unlock()
	select {
	case w.some <- struct{}{}:
	default:
	}
}

func (w *whose) take() []int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := slices.Collect(maps.Keys(w.accounts))
	clear(w.accounts)
	return all
}

// follow reads all, and from then on whatever changes.
func (s *Standings) follow(ctx context.Context) error {
	taken, err := s.db.Pool.Acquire(ctx)
	if err != nil {
		return err
	}
	conn := taken.Hijack() // what listens must not serve others afterwards
	listening, stop := context.WithCancel(ctx)
	var listener sync.WaitGroup
	defer func() {
		stop()
		listener.Wait()
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(end)
	}()
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return err
	}
	heard := &whose{accounts: map[int64]bool{}, some: make(chan struct{}, 1)}
	deaf := make(chan error, 1)
	listener.Go(func() { deaf <- listen(listening, conn, heard) })

	if err := s.look(ctx, nil); err != nil {
		return err
	}
	all := time.NewTicker(reload)
	defer all.Stop()
	var gathered <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-deaf:
			return err
		case <-heard.some:
			if gathered == nil {
				gathered = time.After(gatherFor)
			}
			continue
		case <-gathered:
			gathered = nil
			if accounts := heard.take(); len(accounts) > 0 {
				err = s.look(ctx, accounts)
			}
		case <-all.C:
			err = s.look(ctx, nil)
		}
		if err != nil {
			return err
		}
	}
}

func listen(ctx context.Context, conn *pgx.Conn, heard *whose) error {
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		heard.add(n.Payload)
	}
}
