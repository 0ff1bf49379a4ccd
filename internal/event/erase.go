package event

import (
	"context"
	"fmt"
	"strconv"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/postgres"
)

// Erase takes what events of these tickets told out of the log, in the
// transaction that removes the tickets, and says how many there were. The events
// stay, so that positions have no holes: each says only that it was erased. The
// stream loses them at once; where the transaction then fails, readers take from
// PostgreSQL what it lacks. All of them must have a position.
func (l *Log) Erase(ctx context.Context, tx *gorm.DB, tickets []int64) (int, error) {
	borrowed, err := postgres.PgxTx(tx)
	if err != nil {
		return 0, err
	}
	var epoch string
	var positions []int64
	err = borrowed.QueryRow(ctx, `WITH gone AS (UPDATE events SET kind = $2, payload = '{}', actor_id = NULL WHERE ticket_id = ANY($1) RETURNING pos)
		SELECT (SELECT epoch FROM event_head), coalesce(array_agg(coalesce(pos, 0)), '{}') FROM gone`, tickets, TicketErased).Scan(&epoch, &positions)
	if err != nil {
		return 0, fmt.Errorf("erase the events of %d tickets: %w", len(tickets), err)
	}
	if len(positions) == 0 {
		return 0, nil
	}
	ids := make([]string, len(positions))
	for i, pos := range positions {
		ids[i] = strconv.FormatInt(pos, 10) + "-0"
	}
	if err := l.rdb.XDel(ctx, streamKey(epoch), ids...).Err(); err != nil {
		return 0, fmt.Errorf("take %d events off the stream: %w", len(ids), err)
	}
	return len(positions), nil
}
