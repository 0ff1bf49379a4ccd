package desk

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/jobs"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/reach"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Told works off jobs.CustomerTold: the clock of an acknowledgement ends when a
// confirmation of ours was handed over, that of the history when its copy was, or
// when a letter's posting was recorded. What comes back has told nobody.
type Told struct {
	river.WorkerDefaults[jobs.CustomerTold]
	db        *postgres.DB
	calendars sla.Calendars
	poke      event.Poker
	now       func() time.Time
}

// NewTold makes the worker. now is PostgreSQL's time.
func NewTold(db *postgres.DB, calendars sla.Calendars, poke event.Poker, now func() time.Time) *Told {
	return &Told{db: db, calendars: calendars, poke: poke, now: now}
}

// Work ends the clocks, or lets them go on, with one event. Run again it finds
// nothing to do.
func (w *Told) Work(ctx context.Context, job *river.Job[jobs.CustomerTold]) error {
	err := w.db.InTx(ctx, func(tx *gorm.DB) error { return w.tell(ctx, tx.WithContext(ctx), job.Args) })
	if err != nil {
		return fmt.Errorf("end the clocks that %d was to tell of: %w", job.Args.OutID, err)
	}
	w.poke.Poke()
	return nil
}

func (w *Told) tell(ctx context.Context, tx *gorm.DB, j jobs.CustomerTold) error {
	var o struct {
		TicketID int64
		Purpose  reach.Purpose
		Way      reach.Way
		What     string // of a copy
	}
	err := tx.Raw(`SELECT o.ticket_id, o.purpose, o.way, coalesce(c.what, '') AS what FROM outbox o LEFT JOIN copies c ON c.out_id = o.id WHERE o.id = ?`, j.OutID).Scan(&o).Error
	if err != nil || o.TicketID == 0 {
		return err // what is not there any more was purged with its ticket
	}
	kind := sla.Acknowledgement
	if o.Purpose == reach.History {
		if o.What != "history" {
			return nil
		}
		kind = sla.History
	}
	_, err = ticket.ChangeAll(ctx, tx, []int64{o.TicketID}, func(t *ticket.Ticket) (ticket.Cause, error) {
		c := ticket.Cause{Kind: event.TicketClock, At: w.now()}
		clocks, moves, did, err := w.turn(tx, *t, kind, j)
		if err == nil && len(moves) == 0 {
			err = ticket.ErrUnchanged
		}
		if err != nil {
			return c, err
		}
		told := Clocked{Did: did, Way: string(o.Way), ToldAt: &j.At}
		told.of(clocks[0])
		c.Data = told
		tellMoves(&c, moves)
		now, err := sla.Current(tx, t.ID)
		t.Deadline = ticket.Deadline(now)
		return c, err
	})
	return err
}

// turn does it to the clocks of a ticket that is locked. Whether something came
// back meanwhile is asked only now: the job that says so waits for this lock.
func (w *Told) turn(tx *gorm.DB, t ticket.Ticket, kind sla.Kind, j jobs.CustomerTold) (clocks []sla.Clock, moves []sla.Move, did string, err error) {
	if j.CameBack {
		if !t.Status.IsOpen() && kind == sla.Acknowledgement { // resolved it would have ended as well
			return nil, nil, "", nil
		}
		var merged bool
		err = tx.Raw("SELECT merged_into IS NOT NULL FROM tickets WHERE id = ?", t.ID).Scan(&merged).Error
		if err != nil || merged { // nobody works on it any more
			return nil, nil, "", err
		}
		clocks, moves, err = sla.TakeBackTold(tx, w.calendars, t.ID, kind, j.At, w.now())
		if reason := waiting(t); err == nil && len(moves) > 0 && reason != "" {
			err = sla.Pause(tx, t.ID, reason, nil, w.now())
		}
		return clocks, moves, "returned", err
	}
	var state outbox.State
	if err := tx.Raw("SELECT state FROM outbox WHERE id = ?", j.OutID).Scan(&state).Error; err != nil {
		return nil, nil, "", err
	}
	if state != outbox.Sent && state != outbox.Delivered {
		return nil, nil, "", nil
	}
	clocks, moves, err = sla.EndTold(tx, t.ID, kind, j.At)
	return clocks, moves, "told", err
}
