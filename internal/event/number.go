package event

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/escuta-sac/escuta/internal/postgres"
)

// lockHead makes numbering one sequencer's at a time. It is a statement of its
// own because the next one must take its snapshot after the lock: events that a
// rival has just numbered would otherwise be numbered again. It also pins the
// plan of the next one to the indexes, for its transaction: the table grows from
// nothing to millions under one cached plan, and a plan that once reads all of it
// holds up everybody who waits for news.
const lockHead = `SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
  set_config('enable_mergejoin', 'off', true), set_config('enable_sort', 'off', true) FROM event_head FOR UPDATE`

// settleEpoch gives the history a new name when this is not the database it was:
// another cluster (its identifier), a promoted or rewound one (its timeline), a
// restored or copied one (its oid). A head that was never compared is only noted.
const settleEpoch = `
WITH self AS (
  SELECT (SELECT system_identifier::text FROM pg_control_system()) AS system_id,
         (SELECT timeline_id FROM pg_control_checkpoint())::bigint AS timeline,
         (SELECT oid FROM pg_database WHERE datname = current_database()) AS database)
UPDATE event_head h
   SET epoch = CASE WHEN h.system_id = '' THEN h.epoch ELSE ` + newEpoch + ` END,
       system_id = self.system_id, timeline = self.timeline, database = self.database
  FROM self
 WHERE (h.system_id, h.timeline, h.database) IS DISTINCT FROM (self.system_id, self.timeline, self.database)`

const newEpoch = `substr(replace(gen_random_uuid()::text, '-', ''), 1, 12)`

// number gives the next positions to the committed events that have none, in
// order of id. Within a ticket that is order of version. Price: one more update
// for each event.
const number = `
WITH next AS MATERIALIZED (
  SELECT id, row_number() OVER (ORDER BY id) AS n
    FROM (SELECT id FROM events WHERE pos IS NULL ORDER BY id LIMIT $1) q),
head AS (
  UPDATE event_head SET pos = pos + (SELECT count(*) FROM next)
   WHERE EXISTS (SELECT FROM next) RETURNING pos - (SELECT count(*) FROM next) AS pos),
numbered AS (
  UPDATE events e SET pos = head.pos + next.n FROM next, head WHERE e.id = next.id RETURNING e.*)
SELECT ` + eventColumns + ` FROM numbered ORDER BY pos`

// numberPage numbers one page and returns it with the head it led to.
func numberPage(ctx context.Context, db *postgres.DB) (events []Event, head Position, err error) {
	err = pgx.BeginFunc(ctx, db.Pool, func(tx pgx.Tx) error {
		var b pgx.Batch
		b.Queue(lockHead)
		b.Queue(settleEpoch)
		b.Queue(number, page).Query(func(rows pgx.Rows) (err error) {
			events, err = pgx.CollectRows(rows, scanEvent)
			return err
		})
		b.Queue(`SELECT epoch, pos FROM event_head`).QueryRow(func(row pgx.Row) error {
			return row.Scan(&head.Epoch, &head.Pos)
		})
		return tx.SendBatch(ctx, &b).Close()
	})
	if err != nil {
		return nil, head, fmt.Errorf("give positions to events: %w", err)
	}
	return events, head, nil
}

// Settle compares the database with the one its history belongs to, begins a
// new epoch when it is another, and returns the head. It is called at start,
// before anything relies on the epoch.
func Settle(ctx context.Context, db *postgres.DB) (Position, error) {
	if _, err := db.Pool.Exec(ctx, settleEpoch); err != nil {
		return Position{}, fmt.Errorf("settle the epoch: %w", err)
	}
	return readHead(ctx, db.Pool)
}

// renounce begins a new epoch because the stream of epoch has told of positions
// up to told, which PostgreSQL does not have (it failed over and lost commits).
func renounce(ctx context.Context, db *postgres.DB, epoch string, told int64) (Position, error) {
	var p Position
	err := db.Pool.QueryRow(ctx, `UPDATE event_head SET epoch = `+newEpoch+`
	   WHERE epoch = $1 AND pos < $2 RETURNING epoch, pos`, epoch, told).Scan(&p.Epoch, &p.Pos)
	if errors.Is(err, pgx.ErrNoRows) {
		return readHead(ctx, db.Pool) // it has them by now, or somebody else was here first
	}
	if err != nil {
		return p, fmt.Errorf("begin a new epoch after %s: %w", epoch, err)
	}
	return p, nil
}

// waiting reports the head and whether committed events wait for a position.
func waiting(ctx context.Context, db *postgres.DB) (p Position, some bool, err error) {
	err = db.Pool.QueryRow(ctx, `SELECT epoch, pos, EXISTS (SELECT FROM events WHERE pos IS NULL) FROM event_head`).
		Scan(&p.Epoch, &p.Pos, &some)
	if err != nil {
		err = fmt.Errorf("look for events without a position: %w", err)
	}
	return p, some, err
}
