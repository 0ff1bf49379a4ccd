package sla

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
)

// nextInstant is when a running clock has to be looked at next. It is the
// expression of index clocks_warn, letter by letter.
const nextInstant = `least(case when stage < 50 then warn50 when stage < 75 then warn75 when stage < 90 then warn90 else due end, due)`

// watched is a running clock as the timers see it.
type watched struct {
	ID, TicketID int64
	Kind         Kind
	At           time.Time // when it has to be looked at next
	Passed       bool      // by PostgreSQL's clock it is that late already
}

// look asks PostgreSQL how clocks stand. Those that do not run any more, or have
// nothing left to record, are not in the answer.
func (t *Timers) look(ctx context.Context, clocks []int64) ([]watched, error) {
	return t.watch(ctx, "WHERE id = ANY($1) AND state = 'running' AND stage < 100", clocks)
}

// ofTickets is look by ticket, and includes the clocks that have ended, with no
// instant, so that their timers can be taken away.
func (t *Timers) ofTickets(ctx context.Context, tickets []int64) ([]setting, error) {
	rows, err := t.deps.DB.Pool.Query(ctx, `
		SELECT id, CASE WHEN state = 'running' AND stage < 100 THEN `+nextInstant+` END
		  FROM clocks WHERE ticket_id = ANY($1)`, tickets)
	if err != nil {
		return nil, fmt.Errorf("read the clocks of %d tickets: %w", len(tickets), err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (s setting, err error) {
		var at *time.Time
		if err = row.Scan(&s.clock, &at); at != nil {
			s.at = *at
		}
		return s, err
	})
}

// overdue reads a page of what should have been recorded a while ago and is
// not, from the oldest on.
func (t *Timers) overdue(ctx context.Context, grace time.Duration, after watched) ([]watched, error) {
	return t.watch(ctx, `
		WHERE state = 'running' AND stage < 100 AND `+nextInstant+` <= now() - make_interval(secs => $1)
		  AND (`+nextInstant+`, id) > ($2, $3)
		ORDER BY `+nextInstant+`, id LIMIT $4`, grace.Seconds(), after.At, after.ID, batch)
}

func (t *Timers) watch(ctx context.Context, where string, args ...any) ([]watched, error) {
	rows, err := t.deps.DB.Pool.Query(ctx, `
		SELECT id, ticket_id, kind, `+nextInstant+` AS at, `+nextInstant+` <= now() AS passed FROM clocks `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("look at clocks: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[watched])
	if err != nil {
		return nil, fmt.Errorf("look at clocks: %w", err)
	}
	return list, nil
}

// load sets the timers of all running clocks. They are streamed, so that a
// million of them neither fill the memory nor hold anybody up, and each time a
// few thousand are there they are sent in one round trip.
func (t *Timers) load(ctx context.Context) error {
	const atOnce = 4096
	started := time.Now()
	rows, err := t.deps.DB.Pool.Query(ctx, `SELECT id, `+nextInstant+` FROM clocks WHERE state = 'running' AND stage < 100`)
	if err != nil {
		return fmt.Errorf("read all running clocks: %w", err)
	}
	defer rows.Close()
	n, waiting := 0, make([]setting, 0, atOnce)
	for rows.Next() {
		var s setting
		if err := rows.Scan(&s.clock, &s.at); err != nil {
			return fmt.Errorf("read all running clocks: %w", err)
		}
		if waiting = append(waiting, s); len(waiting) == atOnce {
			if err := t.alarm.set(ctx, waiting); err != nil {
				return err
			}
			n, waiting = n+len(waiting), waiting[:0]
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read all running clocks: %w", err)
	}
	if err := t.alarm.set(ctx, waiting); err != nil {
		return err
	}
	if err := t.alarm.complete(ctx); err != nil {
		return err
	}
	t.deps.Log.InfoContext(ctx, "SLA timers loaded",
		slog.Int("clocks", n+len(waiting)), slog.Duration("took", time.Since(started)))
	return nil
}

// handle looks at clocks, lets what they have passed be recorded, and says when
// each is to be looked at next. The clocks in the answer are settled; one that
// is missing could not be recorded and has to be tried again. progress reports
// whether anything was recorded.
func (t *Timers) handle(ctx context.Context, clocks []int64) (settled []setting, progress bool, err error) {
	found, err := t.look(ctx, clocks)
	if err != nil {
		return nil, false, err
	}
	var due []Due
	for _, w := range found {
		if w.Passed {
			due = append(due, Due{ClockID: w.ID, TicketID: w.TicketID, Kind: w.Kind, Due: w.At})
		}
	}
	var failed map[int64]bool
	if len(due) > 0 {
		var recorded int
		if recorded, failed, err = t.record(ctx, due); err != nil {
			return nil, false, err
		}
		progress = recorded > 0
		if found, err = t.look(ctx, clocks); err != nil {
			return nil, progress, err
		}
	}
	next := make(map[int64]time.Time, len(found))
	for _, w := range found {
		next[w.ID] = w.At
	}
	for _, id := range clocks {
		if !failed[id] {
			settled = append(settled, setting{id, next[id]})
		}
	}
	return settled, progress, nil
}

// record hands clocks to the recorder. A batch that fails is halved until the
// clock that spoils it stands alone, so that one bad ticket holds up no other;
// while the database is away nothing is halved, for nothing would succeed.
func (t *Timers) record(ctx context.Context, due []Due) (recorded int, failed map[int64]bool, err error) {
	out, err := t.deps.Recorder.Record(ctx, due)
	if err == nil {
		return len(out), nil, nil
	}
	if ctx.Err() != nil {
		return 0, nil, err
	}
	if ping := t.deps.DB.Pool.Ping(ctx); ping != nil {
		return 0, nil, errors.Join(err, ping)
	}
	if len(due) == 1 {
		t.deps.Log.ErrorContext(ctx, "a clock cannot be recorded, trying again",
			slog.Int64("clock_id", due[0].ClockID), slog.Int64("ticket_id", due[0].TicketID), slog.Any("error", err))
		return 0, map[int64]bool{due[0].ClockID: true}, nil
	}
	failed = map[int64]bool{}
	for _, half := range [][]Due{due[:len(due)/2], due[len(due)/2:]} {
		n, bad, err := t.record(ctx, half)
		if err != nil {
			return recorded, failed, err
		}
		recorded += n
		for id := range bad {
			failed[id] = true
		}
	}
	return recorded, failed, nil
}
