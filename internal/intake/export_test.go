package intake

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/escuta-sac/escuta/internal/brazil"
)

// QueueSize is how many submissions may wait.
const QueueSize = queueSize

// Waiting is how many do.
func (in *Intake) Waiting() int { return len(in.queue) }

// Numbers gives a node's protocol numbers without the node.
func Numbers(pool *pgxpool.Pool, zone *time.Location, now func() time.Time) func(context.Context, int) ([]brazil.Protocol, error) {
	return (&numbers{pool: pool, zone: zone, now: now}).take
}

// Hurry lets an intake digest at the pace of a test.
func (in *Intake) Hurry(read time.Duration) {
	in.pace = pace{sweep: 20 * time.Millisecond, read: read, decide: 10 * time.Second, again: time.Millisecond, rest: 20 * time.Millisecond, slack: 0}
}

// FoldTallies does what a node does each minute.
func FoldTallies(ctx context.Context, pool *pgxpool.Pool) error { return foldTallies(ctx, pool) }

// AnswerTakes is how long every answer of Prove takes.
const AnswerTakes = answerTakes

// RetryPending does what a node does each minute.
func (in *Intake) RetryPending(ctx context.Context) error { return in.retryPending(ctx) }
