package outbox

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/jobs"
	"github.com/escuta-sac/escuta/internal/reach"
)

// Claimed is a row that this node alone may send now: whoever settles it shows
// the fence, and one that was claimed again since is not settled any more.
type Claimed struct {
	Out
	Fence int64
}

// blocked holds for a row whose ticket has something earlier on its way: the
// customer reads our answers in the order in which they were given, and an area
// what it is asked; neither waits for the other.
const blocked = `EXISTS (SELECT FROM outbox e WHERE e.ticket_id = o.ticket_id AND e.way = o.way AND e.id < o.id AND e.state IN ('queued', 'sending')
	AND (e.purpose = 'area') = (o.purpose = 'area'))`

// Claim makes the row this node's to send, if it is its turn: it waits, its time
// has come, nothing of its ticket is before it, and sending is not held back.
// ok is false when it is not.
func Claim(ctx context.Context, db *gorm.DB, id int64, node string) (c Claimed, ok bool, err error) {
	var r row
	err = db.WithContext(ctx).Raw(`UPDATE outbox o SET state = 'sending', node = ?, fence = fence + 1, claimed_at = clock_timestamp(),
		attempts = attempts + 1, first_try = coalesce(first_try, clock_timestamp())
		WHERE id = ? AND state = 'queued' AND way <> 'letter' AND not_before <= clock_timestamp() AND next_try <= clock_timestamp()
		AND NOT `+blocked+` AND NOT EXISTS (SELECT FROM installation WHERE outgoing_held_at IS NOT NULL)
		RETURNING *`, node, id).Scan(&r).Error
	if err != nil {
		return Claimed{}, false, fmt.Errorf("claim %d for sending: %w", id, err)
	}
	return Claimed{r.out(), r.Fence}, r.ID != 0, nil
}

// Due lists what can be sent and whose turn it is; letters wait for people, by the time at which they wanted to go.
func Due(ctx context.Context, db *gorm.DB, most int) (due []int64, err error) {
	err = db.WithContext(ctx).Raw(`SELECT id FROM outbox o WHERE state = 'queued' AND way <> 'letter' AND next_try <= clock_timestamp()
		AND not_before <= clock_timestamp() AND NOT `+blocked+` AND NOT EXISTS (SELECT FROM installation WHERE outgoing_held_at IS NOT NULL)
		ORDER BY next_try, id LIMIT ?`, most).Scan(&due).Error
	if err != nil {
		return nil, fmt.Errorf("look for what waits to go out: %w", err)
	}
	return due, nil
}

// next lets what waited behind a row of the same ticket go on.
func next(ctx context.Context, tx *gorm.DB, done row) error {
	if done.TicketID == nil {
		return nil
	}
	var after []row
	err := tx.WithContext(ctx).Raw("SELECT * FROM outbox WHERE ticket_id = ? AND way = ? AND id > ? AND state = 'queued' AND (purpose = 'area') = ? ORDER BY id LIMIT 1",
		*done.TicketID, done.Way, done.ID, done.Purpose == reach.Area).Scan(&after).Error
	if err != nil {
		return fmt.Errorf("look for what waits behind %d: %w", done.ID, err)
	}
	for _, r := range after {
		at := r.NextTry
		if r.NotBefore.After(at) {
			at = r.NotBefore
		}
		if err := jobs.Insert(tx, jobs.SendOut{OutID: r.ID}, at); err != nil {
			return err
		}
	}
	return nil
}

// Alive tells the others that this node is.
func Alive(ctx context.Context, db *gorm.DB, node string) error {
	err := db.WithContext(ctx).Exec(`INSERT INTO outbox_nodes (node) VALUES (?) ON CONFLICT (node) DO UPDATE SET seen_at = clock_timestamp()`, node).Error
	if err != nil {
		return fmt.Errorf("tell that this node lives: %w", err)
	}
	return nil
}

// DeadAfter is how long a node must have been silent, and a row claimed, before
// another node sends what it was sending: longer than any transmission may take.
const DeadAfter = 10 * time.Minute

// Inherit lets those rows be sent again whose node has died without a trace, and
// forgets nodes that have been dead for long. It tells how many rows it freed.
func Inherit(ctx context.Context, db *gorm.DB, node string) (freed int64, err error) {
	done := db.WithContext(ctx).Exec(`WITH forgotten AS (DELETE FROM outbox_nodes WHERE seen_at < clock_timestamp() - interval '1 day')
		UPDATE outbox o SET state = 'queued', next_try = clock_timestamp(), reason = 'node_died'
		WHERE state = 'sending' AND node <> ? AND claimed_at < clock_timestamp() - make_interval(secs => ?)
		AND NOT EXISTS (SELECT FROM outbox_nodes n WHERE n.node = o.node AND n.seen_at > clock_timestamp() - make_interval(secs => ?))`,
		node, DeadAfter.Seconds(), DeadAfter.Seconds())
	if done.Error != nil {
		return 0, fmt.Errorf("take over what dead nodes were sending: %w", done.Error)
	}
	return done.RowsAffected, nil
}

// Free lets the rows be sent again that this node has claimed that long ago and
// is not sending: it crashed before the other server had the whole of them.
func Free(ctx context.Context, db *gorm.DB, node string, except []int64, older time.Duration) error {
	if len(except) == 0 {
		except = []int64{0}
	}
	err := db.WithContext(ctx).Exec(`UPDATE outbox SET state = 'queued', next_try = clock_timestamp() WHERE state = 'sending' AND node = ?
		AND id NOT IN ? AND claimed_at <= clock_timestamp() - make_interval(secs => ?)`, node, except, older.Seconds()).Error
	if err != nil {
		return fmt.Errorf("free what node %s was sending: %w", node, err)
	}
	return nil
}

// Retry lets what waits for this reason be tried at once: what it waited for may
// have come.
func Retry(ctx context.Context, db *gorm.DB, reason string) error {
	err := db.WithContext(ctx).Exec("UPDATE outbox SET next_try = clock_timestamp() WHERE state = 'queued' AND reason = ?", reason).Error
	if err != nil {
		return fmt.Errorf("try again what waits for %s: %w", reason, err)
	}
	return nil
}
