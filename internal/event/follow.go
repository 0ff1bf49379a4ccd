package event

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"
)

// Follow gives fn every event after from: each once, in order, without holes,
// until ctx ends (nil), fn fails (its error) or the positions no longer continue
// (ErrResync). Trouble with the engines is waited out. fn must not keep the slice.
func (l *Log) Follow(ctx context.Context, from Position, fn func([]Event) error) error {
	return l.follow(ctx, from, l.Since, fn)
}

type reader func(ctx context.Context, p Position, limit int) ([]Event, error)

func (l *Log) follow(ctx context.Context, at Position, older reader, fn func([]Event) error) error {
	for checked := false; ; {
		events, covered, changed := l.tail.after(at)
		// The first question goes to PostgreSQL: the tail does not know whether
		// a position ahead of it is only newer than it, or was never given.
		if !covered || !checked {
			var err error
			events, err = older(ctx, at, page)
			switch {
			case ctx.Err() != nil:
				return nil
			case errors.Is(err, ErrResync):
				return err
			case err != nil:
				l.log.WarnContext(ctx, "events cannot be read, trying again", slog.Any("error", err))
				if !pause(ctx, beat) {
					return nil
				}
				continue
			}
			checked = true
		}
		if len(events) == 0 {
			wait := beat
			if covered {
				wait = time.Hour // the tail speaks when there is something
			}
			if !pause(ctx, wait, changed) {
				return nil
			}
			continue
		}
		if err := fn(events); err != nil {
			return err
		}
		at.Pos = events[len(events)-1].Pos
	}
}

// Run keeps the tail until ctx ends.
func (l *Log) Run(ctx context.Context) error {
	defer l.tail.stop()
	for ctx.Err() == nil {
		head, err := l.Head(ctx)
		if err == nil {
			l.tail.reset(head)
			err = l.runEpoch(ctx, head)
		}
		if err == nil || ctx.Err() != nil {
			return nil
		}
		l.log.WarnContext(ctx, "the tail of the events starts again", slog.Any("error", err))
		if !pause(ctx, beat) {
			return nil
		}
	}
	return nil
}

// runEpoch extends the tail from at on: from the stream, or from PostgreSQL
// while the stream cannot be read. It returns when the epoch ends or PostgreSQL
// fails.
func (l *Log) runEpoch(ctx context.Context, at Position) error {
	stream, stop := l.openStream(ctx, at.Epoch)
	defer stop()
	var down time.Time // since when the stream cannot be read
	for ctx.Err() == nil {
		if time.Since(down) < 2*beat {
			if !pause(ctx, beat, l.nudged) {
				return nil
			}
			if err := l.catchUp(ctx, &at); err != nil {
				return err
			}
			continue
		}
		entries, err := stream.read(ctx, at.Pos)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, redis.Nil):
			// Long silence: either there is no news, or it did not reach the stream.
			err = l.catchUp(ctx, &at)
		case err != nil:
			l.log.WarnContext(ctx, "degraded: the live stream cannot be read, following PostgreSQL", slog.Any("error", err))
			down = time.Now()
			err = l.catchUp(ctx, &at)
		default:
			err = l.take(ctx, &at, entries)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// take extends the tail by entries of the stream, whose holes come from PostgreSQL.
func (l *Log) take(ctx context.Context, at *Position, entries []Event) error {
	for len(entries) > 0 {
		if entries[0].Pos <= at.Pos {
			entries = entries[1:]
			continue
		}
		if entries[0].Pos > at.Pos+1 {
			if err := l.fill(ctx, at, entries[0].Pos-1); err != nil {
				return err
			}
		}
		n := 1
		for n < len(entries) && entries[n].Pos == entries[n-1].Pos+1 {
			n++
		}
		l.extend(at, entries[:n])
		entries = entries[n:]
	}
	return nil
}

// catchUp extends the tail to the head that PostgreSQL has.
func (l *Log) catchUp(ctx context.Context, at *Position) error {
	head, err := l.Head(ctx)
	if err != nil {
		return err
	}
	if head.Epoch != at.Epoch || head.Pos < at.Pos {
		return ErrResync
	}
	return l.fill(ctx, at, head.Pos)
}

func (l *Log) fill(ctx context.Context, at *Position, upto int64) error {
	for at.Pos < upto {
		events, err := l.read(ctx, at.Pos, upto, page)
		if err != nil {
			return err
		}
		l.metrics.filled.Add(float64(len(events)))
		l.extend(at, events)
	}
	return nil
}

func (l *Log) extend(at *Position, events []Event) {
	l.tail.extend(events)
	at.Pos = events[len(events)-1].Pos
	l.metrics.head.Set(float64(at.Pos))
}
