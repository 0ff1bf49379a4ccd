package event

import (
	"context"
	"crypto/rand"
	_ "embed" // the scripts
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"
)

var (
	//go:embed lease.lua
	leaseSource string
	//go:embed resign.lua
	resignSource string

	leaseScript  = redis.NewScript(leaseSource)
	resignScript = redis.NewScript(resignSource)
)

const (
	pokes     = "escuta:poke"   // channel on which nodes wake whoever is the sequencer
	leaseTime = 3 * time.Second // how long a dead sequencer is waited for
	// rest is for how many beats a sequencer that nobody pokes leaves PostgreSQL
	// alone: for so long a commit waits, on a desk where nothing else happens, whose
	// node died before it poked.
	rest = 5
)

// Sequencer gives positions to committed events and puts them on the stream.
//
// Each node runs one; a lease in Redis says which of them works. It saves work,
// it does not protect anything: the row lock of event_head does, so two at once
// do no harm, and without Redis every node works for itself.
type Sequencer struct {
	*Log
	me    string
	poked chan struct{}

	role   role
	seen   Position // the head as it was last
	rested int      // beats since PostgreSQL was asked
	heard  <-chan any
}

type role uint8

const (
	idle    role = iota // another node has the lease
	leading             // this one has it
	alone               // Redis does not answer
)

// NewSequencer makes the sequencer of this node, for the log's engines.
func NewSequencer(l *Log) *Sequencer {
	return &Sequencer{Log: l, me: rand.Text(), poked: make(chan struct{}, 1)}
}

// Poke says that this node has committed events. Pokes that come faster than
// they are heard become one.
func (s *Sequencer) Poke() {
	select {
	case s.poked <- struct{}{}:
	default:
	}
}

// Run works until ctx ends, and then hands the lease to whoever is next.
func (s *Sequencer) Run(ctx context.Context) error {
	sub := s.rdb.Subscribe(ctx, pokes)
	defer func() { _ = sub.Close() }()
	// That it listens again is heard, too: pokes may have been missed before.
	s.heard = sub.ChannelWithSubscriptions(redis.WithChannelHealthCheckInterval(10*time.Second), redis.WithChannelSize(1))
	defer s.resign(ctx)

	sweep := time.NewTicker(beat)
	defer sweep.Stop()
	s.try(ctx, s.sweep)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-sweep.C:
			s.try(ctx, s.sweep)
		case <-s.heard:
			if s.role != idle {
				s.try(ctx, s.number)
			}
		case <-s.poked:
			s.try(ctx, s.pass)
		}
	}
}

// try does one piece of work. Whatever fails is tried again at the next sweep.
func (s *Sequencer) try(ctx context.Context, work func(context.Context) error) {
	if err := work(ctx); err != nil && ctx.Err() == nil {
		s.rested = rest
		s.log.WarnContext(ctx, "the sequencer tries again", slog.Any("error", err))
	}
}

// pass hands this node's poke to whoever is the sequencer.
func (s *Sequencer) pass(ctx context.Context) error {
	if s.role == idle {
		err := s.rdb.Publish(ctx, pokes, "").Err()
		if err == nil {
			return nil
		}
		s.lost(ctx, err)
	}
	return s.number(ctx)
}

// number numbers all there is.
func (s *Sequencer) number(ctx context.Context) error {
	for {
		events, head, err := numberPage(ctx, s.db)
		if err != nil {
			return err
		}
		s.enter(ctx, head)
		if len(events) == 0 {
			return nil
		}
		if s.role != alone {
			if err := publish(ctx, s.rdb, head.Epoch, events); err != nil {
				s.lost(ctx, err)
			}
		}
		s.nudge()
		s.metrics.numbered.Add(float64(len(events)))
		s.metrics.lag.Observe(max(0, time.Since(events[0].At).Seconds()))
		if len(events) < page {
			return nil
		}
	}
}

// sweep renews the lease and, where this node is the sequencer, makes good what
// got lost: pokes, entries that a crash or a FLUSHALL took from the stream, and
// a PostgreSQL that has fallen behind what the stream already told. As long as the
// stream ends where the head was seen last, PostgreSQL is asked only now and then;
// one that has just become the sequencer asks at once.
func (s *Sequencer) sweep(ctx context.Context) error {
	was := s.role
	told, err := s.renew(ctx)
	if err != nil {
		s.lost(ctx, err)
	}
	if s.role == idle {
		return nil
	}
	s.rested++
	if s.role == leading && was == leading && told == s.seen && s.rested < rest {
		return nil
	}
	s.rested = 0
	// The stream was looked at first: it is ahead only if PostgreSQL has lost something.
	head, some, err := waiting(ctx, s.db)
	if err != nil {
		return err
	}
	s.enter(ctx, head)
	if s.role == leading && head.Epoch == told.Epoch {
		if told.Pos > head.Pos {
			s.log.ErrorContext(ctx, "the database has lost events that were already told, a new epoch begins",
				slog.Int64("told", told.Pos), slog.Int64("head", head.Pos))
			if head, err = renounce(ctx, s.db, told.Epoch, told.Pos); err != nil {
				return err
			}
			s.enter(ctx, head)
			s.nudge()
		} else if told.Pos < head.Pos {
			if err := s.remind(ctx, head); err != nil {
				return err
			}
		}
	}
	if some {
		return s.number(ctx)
	}
	return nil
}

// renew takes or keeps the lease and returns the newest position on the stream.
func (s *Sequencer) renew(ctx context.Context) (told Position, err error) {
	if s.seen.Epoch == "" {
		if s.seen, err = Settle(ctx, s.db); err != nil {
			return told, err
		}
	}
	told.Epoch = s.seen.Epoch
	keys := []string{leaseKey(told.Epoch), streamKey(told.Epoch)}
	got, err := leaseScript.Run(ctx, s.rdb, keys, s.me, leaseTime.Milliseconds()).Slice()
	if err != nil {
		return told, fmt.Errorf("renew the sequencer's lease: %w", err)
	}
	was := s.role
	s.role = idle
	if mine, _ := got[0].(int64); mine == 1 {
		s.role = leading
	}
	if was != s.role {
		s.log.InfoContext(ctx, "sequencer", slog.Bool("leading", s.role == leading))
	}
	last, _ := got[1].(string)
	told.Pos, err = entryPos(last)
	return told, err
}

// remind puts the newest event on the stream again after entries were lost. One
// is enough: whoever misses those before it reads them from PostgreSQL.
func (s *Sequencer) remind(ctx context.Context, head Position) error {
	events, err := s.read(ctx, head.Pos-1, head.Pos, 1)
	if err != nil {
		return err
	}
	if err := publish(ctx, s.rdb, head.Epoch, events); err != nil {
		s.lost(ctx, err)
	}
	return nil
}

// enter notes the head; a lease of an older epoch means nothing any more.
func (s *Sequencer) enter(ctx context.Context, head Position) {
	if s.seen.Epoch != head.Epoch && s.seen.Epoch != "" {
		s.log.WarnContext(ctx, "a new epoch of events has begun", slog.String("epoch", head.Epoch))
	}
	s.seen = head
}

// lost notes that Redis does not answer: from now on this node works for itself.
func (s *Sequencer) lost(ctx context.Context, err error) {
	if s.role != alone && ctx.Err() == nil {
		s.log.WarnContext(ctx, "degraded: the sequencer goes on without Redis", slog.Any("error", err))
	}
	s.role = alone
}

// nudge tells this node's own tail, which does not hear the stream without Redis.
func (s *Sequencer) nudge() {
	select {
	case s.nudged <- struct{}{}:
	default:
	}
}

func (s *Sequencer) resign(ctx context.Context) {
	if s.role != leading {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), beat)
	defer cancel()
	// Failing is the same as dying: the others wait until the lease runs out.
	_ = resignScript.Run(ctx, s.rdb, []string{leaseKey(s.seen.Epoch)}, s.me).Err()
}
