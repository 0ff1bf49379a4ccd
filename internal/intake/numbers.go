package intake

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/fault"
)

// ErrExhausted is a day whose protocol numbers are all used.
var ErrExhausted = fault.New(fault.Unavailable, "protocols_exhausted").After(time.Hour)

const (
	block = 1000      // numbers a node takes at once
	jump  = 1_000_000 // numbers left out when history may have been rewound
)

// numbers gives out protocol numbers one by one, from blocks that this node took
// for itself. A number that is given to a repetition, or lost with the process,
// stays unused: unique for ever costs gaps.
type numbers struct {
	pool *pgxpool.Pool
	zone *time.Location
	now  func() time.Time

	mu    sync.Mutex
	day   brazil.Date
	next  int
	limit int // first number beyond the block
}

// take gives n numbers of the present day. The day is the one on PostgreSQL's
// clock in the installation's time zone; a block of yesterday is left behind at
// midnight.
func (b *numbers) take(ctx context.Context, n int) ([]brazil.Protocol, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	taken := make([]brazil.Protocol, 0, n)
	today := brazil.DateOf(b.now(), b.zone)
	for len(taken) < n {
		if b.next == b.limit || b.day.Before(today) {
			if err := b.refill(ctx); err != nil {
				return nil, err
			}
			// PostgreSQL's word on the day counts, should the estimate be ahead of it.
			today = b.day
		}
		taken = append(taken, brazil.NewProtocol(b.day, b.next))
		b.next++
	}
	return taken, nil
}

// refill takes the next block of the day.
//
// A day remembers the epoch under which it was counted (see package event). When
// that is another one now, the database is not what it was: numbers it does not
// know of may have been told to customers. So the day goes on a million further,
// and so does a day that had not begun yet when the copy was made. The migration
// leaves a row before all days, so that even the first day has a predecessor.
func (b *numbers) refill(ctx context.Context) error {
	var day pgtype.Date
	var next int
	err := b.pool.QueryRow(ctx, `
		INSERT INTO protocol_days AS d (day, epoch, next)
		SELECT (now() AT TIME ZONE $1)::date, h.epoch,
		       1 + $2::int + CASE WHEN h.epoch = (SELECT epoch FROM protocol_days ORDER BY day DESC LIMIT 1) THEN 0 ELSE $3::int END
		FROM event_head h
		ON CONFLICT (day) DO UPDATE
		SET next = d.next + $2::int + CASE WHEN d.epoch = excluded.epoch THEN 0 ELSE $3::int END, epoch = excluded.epoch
		WHERE d.next + $2::int + CASE WHEN d.epoch = excluded.epoch THEN 0 ELSE $3::int END <= $4
		RETURNING day, next`, b.zone.String(), block, jump, brazil.MaxSequence+1).Scan(&day, &next)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return ErrExhausted
	case err != nil:
		return fmt.Errorf("take a block of protocol numbers: %w", err)
	}
	b.day, b.next, b.limit = brazil.DateOf(day.Time, time.UTC), next-block, next
	return nil
}
