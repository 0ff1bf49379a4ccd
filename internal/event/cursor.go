package event

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
)

// Cursor is how far a durable reader has come, kept in PostgreSQL.
type Cursor struct {
	log  *Log
	name string
}

// Cursor is the one of the reader with this name.
func (l *Log) Cursor(reader string) Cursor { return Cursor{log: l, name: reader} }

// Begin notes where a reader starts that has never run, so that it hears of
// whatever happens from now on, even before it follows.
func (c Cursor) Begin(ctx context.Context) error {
	_, err := c.load(ctx)
	return err
}

// Follow gives fn every event since the reader last left off, however long ago;
// a reader that has never run starts at the head. An event is given again after
// a crash: fn must bear that. Positions go on across epochs, because the cursor
// is restored together with the events it counts.
func (c Cursor) Follow(ctx context.Context, fn func([]Event) error) error {
	for {
		at, err := c.load(ctx)
		if err == nil {
			err = c.follow(ctx, at, fn)
		}
		switch {
		case err == nil || ctx.Err() != nil:
			return nil
		case errors.Is(err, ErrResync): // the epoch has changed; nothing was missed
		default:
			return err
		}
		if !pause(ctx, beat) {
			return nil
		}
	}
}

func (c Cursor) follow(ctx context.Context, at Position, fn func([]Event) error) error {
	saved := time.Now()
	dirty := false
	save := func(ctx context.Context) error {
		if !dirty {
			return nil
		}
		dirty, saved = false, time.Now()
		return c.save(ctx, at)
	}
	err := c.log.follow(ctx, at, c.log.since, func(events []Event) error {
		if err := fn(events); err != nil {
			return err
		}
		at.Pos, dirty = events[len(events)-1].Pos, true
		if time.Since(saved) < beat {
			return nil // what a crash repeats is at most this long
		}
		return save(ctx)
	})
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*beat)
	defer cancel()
	if e := save(end); e != nil {
		c.log.log.WarnContext(ctx, "a reader could not note its position, it will hear some events again",
			slog.String("reader", c.name), slog.Any("error", e))
	}
	return err
}

// since is Since without the bound on how far back one may be.
func (l *Log) since(ctx context.Context, p Position, limit int) ([]Event, error) {
	head, err := l.Head(ctx)
	if err != nil {
		return nil, err
	}
	if p.Epoch != head.Epoch || p.Pos > head.Pos {
		return nil, ErrResync
	}
	return l.read(ctx, p.Pos, head.Pos, limit)
}

// load reads the cursor as a position of the present epoch.
func (c Cursor) load(ctx context.Context) (Position, error) {
	head, err := c.log.Head(ctx)
	if err != nil {
		return head, err
	}
	at := head
	err = c.log.db.Pool.QueryRow(ctx, `SELECT pos FROM event_cursors WHERE reader = $1`, c.name).Scan(&at.Pos)
	if errors.Is(err, pgx.ErrNoRows) {
		return head, c.save(ctx, head)
	}
	if err != nil {
		return at, fmt.Errorf("read the cursor of %s: %w", c.name, err)
	}
	at.Pos = min(at.Pos, head.Pos)
	return at, nil
}

func (c Cursor) save(ctx context.Context, p Position) error {
	_, err := c.log.db.Pool.Exec(ctx, `INSERT INTO event_cursors (reader, epoch, pos) VALUES ($1, $2, $3)
	  ON CONFLICT (reader) DO UPDATE SET epoch = excluded.epoch, pos = excluded.pos`, c.name, p.Epoch, p.Pos)
	if err != nil {
		return fmt.Errorf("note the cursor of %s: %w", c.name, err)
	}
	return nil
}
