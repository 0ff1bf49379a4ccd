package imports

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/intake"
)

const (
	chunk    = 256 // rows that are counted together; after a crash at most so many are read again
	parallel = 64  // rows on their way into the ledger at once
	leased   = time.Minute
	looking  = 20 * time.Second // for what a dead node left; this node's own is begun at once
	patience = 2 * time.Minute  // how long a row is tried while the intake is busy or an engine away
)

// errStopped is a run that somebody cancelled, or that another runner has.
var errStopped = errors.New("the import is no longer this runner's")

// Run works off what is queued, one import at a time, until ctx ends. Any number
// of nodes may: an import belongs to who holds its lease, and one whose runner
// died is taken up where it was counted last.
func (s *Service) Run(ctx context.Context) error {
	look := time.NewTicker(looking)
	defer look.Stop()
	for {
		for ctx.Err() == nil {
			worked, err := s.RunNext(ctx)
			if err != nil && ctx.Err() == nil {
				s.log.ErrorContext(ctx, "an import goes on later", "error", err)
			}
			if !worked || err != nil {
				break
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
		case <-look.C:
		}
	}
}

// RunNext takes one import and runs it to its end; worked is false when none waits.
func (s *Service) RunNext(ctx context.Context) (worked bool, err error) {
	lease := rand.Text()
	i, err := one(s.db.Gorm.WithContext(ctx), `WITH i AS (UPDATE imports SET state = 'running', lease = ?, lease_until = now() + ?::interval,
			started_at = coalesce(started_at, now())
		WHERE id = (SELECT id FROM imports WHERE state = 'queued' OR state = 'running' AND lease_until < now() ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
		RETURNING *) SELECT i.*, '' AS account FROM i`, lease, leased.String())
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	err = s.run(ctx, i, lease)
	switch {
	case err == nil, errors.Is(err, errStopped):
		return true, nil
	case ctx.Err() != nil: // the server stops: whoever starts next goes on
		s.release(context.WithoutCancel(ctx), i.ID, lease)
		return true, ctx.Err()
	}
	why := fault.From(err)
	if why.Kind == fault.Unavailable || why.Kind == fault.Internal && !errors.Is(err, ErrFormat) {
		return true, err // the lease runs out, and it is tried again
	}
	return true, s.end(ctx, i.ID, lease, Failed, why.Code)
}

func (s *Service) run(ctx context.Context, i Import, lease string) error {
	shape := i // the heading was kept with its names; the file gives the same
	in, err := s.open(&shape)
	if err != nil {
		return err
	}
	defer in.close()
	r := runner{s: s, i: i, lease: lease, in: in.rows, plan: newPlan(i), line: i.Rows}
	if err := r.skip(i.Rows); err != nil {
		return err
	}
	for {
		last, err := r.chunk(ctx)
		if err != nil {
			return err
		}
		if stop, err := r.cancelled(ctx); err != nil || stop {
			return err
		}
		if last {
			return s.end(ctx, i.ID, lease, Done, "")
		}
	}
}

// runner is one run.
type runner struct {
	s     *Service
	i     Import
	lease string
	in    rows
	plan  *plan
	line  int64 // rows read, the heading not counted
}

// skip passes over rows that were counted before, looking at them all the same:
// rows that are equal are told apart by how many came before.
func (r *runner) skip(n int64) error {
	for range n {
		cells, err := r.in.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			r.plan.arrival(cells)
		} else if !errors.As(err, new(badRow)) {
			return err
		}
	}
	return nil
}

// outcome is what became of one row.
type outcome struct {
	row      int64
	problems []Problem
	taken    channel.Acceptance
	changed  bool // it was brought before and reads otherwise now
	err      error
}

// chunk takes in the next rows and counts them in one transaction.
func (r *runner) chunk(ctx context.Context) (last bool, err error) {
	var (
		out   = make([]outcome, 0, chunk)
		slots = make(chan struct{}, parallel)
		wait  sync.WaitGroup
	)
	for len(out) < chunk && !last {
		cells, err := r.in.next()
		if errors.Is(err, io.EOF) {
			last = true
			break
		}
		bad := badRow{}
		if err != nil && !errors.As(err, &bad) {
			wait.Wait()
			return false, err
		}
		if r.line++; r.line > maxRows {
			wait.Wait()
			return false, ErrTooLarge.With("max", maxRows)
		}
		out = append(out, outcome{row: r.line + 1})
		o := &out[len(out)-1]
		if err != nil {
			o.problems = []Problem{{Code: bad.code, Value: bad.value}}
			continue
		}
		a, problems := r.plan.arrival(cells)
		if len(problems) > 0 {
			o.problems = problems
			continue
		}
		a.Envelope = envelope{r.i.ID, o.row, r.i.Target}.json()
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			o.taken, o.err = r.accept(ctx, a)
			if errors.Is(o.err, intake.ErrReused) {
				o.changed, o.err = true, nil
			}
		})
	}
	wait.Wait()
	for _, o := range out {
		if o.err != nil {
			return false, o.err
		}
	}
	return last, r.count(ctx, out)
}

// accept brings one row, again and again while that may help.
func (r *runner) accept(ctx context.Context, a channel.Arrival) (channel.Acceptance, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for try := 0; ; try++ {
		got, err := r.s.accept.Accept(ctx, a)
		if err == nil || fault.From(err).Kind != fault.Unavailable {
			return got, err
		}
		select {
		case <-time.After(min(10*time.Millisecond<<min(try, 6), time.Second)):
		case <-ctx.Done():
			return got, err
		}
	}
}

// count adds up a chunk. A row that was there before is new all the same when
// this very import brought it: a run that died had not counted it.
func (r *runner) count(ctx context.Context, out []outcome) error {
	var fresh, already, failed int64
	var replayed []int64
	var problems []Problem
	for _, o := range out {
		switch {
		case len(o.problems) > 0:
			failed++
			for _, p := range o.problems {
				p.Row = o.row
				problems = append(problems, p)
			}
		case o.changed:
			already++
			problems = append(problems, Problem{Row: o.row, Code: "row_changed"})
		case o.taken.Replayed && o.taken.LedgerID != 0:
			already++
			replayed = append(replayed, o.taken.LedgerID)
		case o.taken.Replayed:
			already++
		default:
			fresh++
		}
	}
	return r.s.db.InTx(ctx, func(tx *gorm.DB) error {
		own := int64(0)
		if len(replayed) > 0 {
			err := tx.Raw(`SELECT count(*) FROM intake_ledger WHERE id IN ? AND envelope->>'import' = ? AND received_at >= ?`,
				replayed, fmt.Sprint(r.i.ID), r.i.StartedAt).Scan(&own).Error
			if err != nil {
				return fmt.Errorf("look whose rows they are: %w", err)
			}
		}
		done := tx.Exec(`UPDATE imports SET rows = ?, bytes = ?, imported = imported + ?, already = already + ?, failed = failed + ?,
			lease_until = now() + ?::interval, state = CASE WHEN cancel THEN 'cancelled' ELSE state END,
			finished_at = CASE WHEN cancel THEN now() END
			WHERE id = ? AND lease = ? AND state = 'running'`,
			r.line, r.in.offset(), fresh+own, already-own, failed, leased.String(), r.i.ID, r.lease)
		if done.Error != nil {
			return fmt.Errorf("count the rows of import %d: %w", r.i.ID, done.Error)
		}
		if done.RowsAffected == 0 {
			return errStopped
		}
		return r.note(tx, problems)
	})
}

// cancelled reports whether somebody has asked to stop, which count noted.
func (r *runner) cancelled(ctx context.Context) (bool, error) {
	var state State
	err := r.s.db.Gorm.WithContext(ctx).Raw("SELECT state FROM imports WHERE id = ?", r.i.ID).Scan(&state).Error
	return state != Running, err
}

// note keeps what was wrong, as long as there is room.
func (r *runner) note(tx *gorm.DB, problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	var kept int
	if err := tx.Raw("SELECT count(*) FROM import_errors WHERE import_id = ?", r.i.ID).Scan(&kept).Error; err != nil {
		return fmt.Errorf("count the errors of import %d: %w", r.i.ID, err)
	}
	for _, p := range problems[:min(len(problems), max(0, maxErrors-kept))] {
		err := tx.Exec("INSERT INTO import_errors (import_id, row, col, code, value) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
			r.i.ID, p.Row, p.Column, p.Code, p.Value).Error
		if err != nil {
			return fmt.Errorf("keep an error of import %d: %w", r.i.ID, err)
		}
	}
	return nil
}

func (s *Service) end(ctx context.Context, id int64, lease string, state State, reason string) error {
	err := s.db.Gorm.WithContext(ctx).Exec(`UPDATE imports SET state = ?, reason = ?, finished_at = now(), lease_until = NULL,
		bytes = CASE WHEN ? = 'done' THEN size ELSE bytes END WHERE id = ? AND lease = ? AND state = 'running'`,
		state, reason, state, id, lease).Error
	if err != nil {
		return fmt.Errorf("end import %d: %w", id, err)
	}
	return nil
}

// release lets another runner go on at once.
func (s *Service) release(ctx context.Context, id int64, lease string) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	err := s.db.Gorm.WithContext(ctx).Exec("UPDATE imports SET lease_until = now() WHERE id = ? AND lease = ? AND state = 'running'", id, lease).Error
	if err != nil {
		s.log.WarnContext(ctx, "an import waits until its lease ends", "import", id, "error", err)
	}
}
