package desk

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Fell is what the event of a deadline tells beside the row: the stages that the
// ticket's clocks have passed, the gravest last.
type Fell struct {
	Stages []Stage `json:"stages"`
}

// Stage is a part of a clock that is used up.
type Stage struct {
	ClockID int64     `json:"clock_id"`
	Clock   sla.Kind  `json:"clock"`
	Stage   int       `json:"stage"` // per cent
	Due     time.Time `json:"due"`   // when it was reached
	// Owner is who is to keep the promise, of its clock.
	Owner int64 `json:"owner_id,omitempty"`
}

// patience is how long a deadline waits for whoever is at its ticket just now. An
// act takes milliseconds; a node that stands still in the middle of one holds its
// tickets for seconds, and what is due at others must not wait for that.
const patience = "250ms"

// Record writes down which of these stages have really been reached, once each,
// and tells it: one event a ticket, clock.breached when a clock ran out and
// clock.warned otherwise. The tickets are locked in order of id first, so two
// recorders do not wait for each other crosswise, and an answer that comes at
// the same moment comes before or after, never in between. It returns what it
// recorded; what was recorded before, is not due by PostgreSQL's clock, or hangs on
// a ticket that somebody holds for longer, is left out.
func (s *Service) Record(ctx context.Context, due []sla.Due) ([]sla.Due, error) {
	recorded, busy, err := s.record(ctx, due, false)
	if err == nil && len(busy) > 0 {
		var late []sla.Due
		late, _, err = s.record(ctx, busy, true)
		recorded = append(recorded, late...)
	}
	if len(recorded) > 0 {
		s.poke.Poke()
		s.climb.look()
	}
	return recorded, err
}

// record records what hangs on tickets that nobody is at, or waits for them, too,
// but no longer than patience. busy is what it had no ticket of.
func (s *Service) record(ctx context.Context, due []sla.Due, wait bool) (recorded, busy []sla.Due, err error) {
	ids := make([]int64, 0, len(due))
	for _, d := range due {
		ids = append(ids, d.TicketID)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		tx = tx.WithContext(ctx)
		locked, err := lockFree(tx, ids, wait)
		if err != nil {
			return err
		}
		busy = slices.DeleteFunc(slices.Clone(due), func(d sla.Due) bool { return slices.Contains(locked, d.TicketID) })
		mine := slices.DeleteFunc(slices.Clone(due), func(d sla.Due) bool { return !slices.Contains(locked, d.TicketID) })
		if recorded, err = sla.RecordStages(tx, mine); err != nil {
			return err
		}
		return s.tellStages(ctx, tx, recorded)
	})
	if postgres.IsBusy(err) {
		return nil, due, nil
	}
	if err != nil {
		return nil, nil, err
	}
	return recorded, busy, nil
}

// lock holds the tickets before their clocks are looked at: an act holds its
// ticket first, too.
func lock(ctx context.Context, tx *gorm.DB, ids []int64) error {
	var locked []int64
	err := tx.WithContext(ctx).Raw("SELECT id FROM tickets WHERE id IN ? ORDER BY id FOR NO KEY UPDATE", ids).Scan(&locked).Error
	if err != nil {
		return fmt.Errorf("lock %d tickets: %w", len(ids), err)
	}
	return nil
}

// lockFree is lock for those of the tickets that nobody is at; with wait it waits
// for all of them, and is postgres.IsBusy when its patience ends.
func lockFree(tx *gorm.DB, ids []int64, wait bool) (locked []int64, err error) {
	how := " SKIP LOCKED"
	if wait {
		how = ""
		if err := tx.Exec("SET LOCAL lock_timeout = '" + patience + "'").Error; err != nil {
			return nil, fmt.Errorf("bound a wait: %w", err)
		}
	}
	if err := tx.Raw("SELECT id FROM tickets WHERE id IN ? ORDER BY id FOR NO KEY UPDATE"+how, ids).Scan(&locked).Error; err != nil {
		return nil, fmt.Errorf("lock %d tickets: %w", len(ids), err)
	}
	return locked, nil
}

func (s *Service) tellStages(ctx context.Context, tx *gorm.DB, recorded []sla.Due) error {
	owners, err := ownersOf(ctx, tx, recorded)
	if err != nil {
		return err
	}
	fell := map[int64]*Fell{}
	var ids []int64
	for _, d := range recorded {
		if fell[d.TicketID] == nil {
			fell[d.TicketID] = &Fell{}
			ids = append(ids, d.TicketID)
		}
		f := fell[d.TicketID]
		f.Stages = append(f.Stages, Stage{ClockID: d.ClockID, Clock: d.Kind, Stage: d.Stage, Due: d.Due.UTC(), Owner: owners[d.ClockID]})
	}
	current, err := sla.CurrentOf(tx, ids)
	if err != nil {
		return err
	}
	now := s.now()
	_, err = ticket.ChangeAll(ctx, tx, ids, func(t *ticket.Ticket) (ticket.Cause, error) {
		f := fell[t.ID]
		slices.SortStableFunc(f.Stages, func(a, b Stage) int { return a.Stage - b.Stage })
		kind := event.ClockWarned
		if f.Stages[len(f.Stages)-1].Stage == sla.StageDue {
			kind = event.ClockBreached
		}
		t.Deadline = ticket.Deadline(current[t.ID])
		return ticket.Cause{Kind: kind, Data: f, At: now}, nil
	})
	return err
}

// ownersOf are those whose promises some stages are of, by clock.
func ownersOf(ctx context.Context, tx *gorm.DB, recorded []sla.Due) (map[int64]int64, error) {
	var clocks []int64
	for _, d := range recorded {
		if d.Kind == sla.Commitment {
			clocks = append(clocks, d.ClockID)
		}
	}
	if len(clocks) == 0 {
		return nil, nil
	}
	var rows []struct{ ClockID, OwnerID int64 }
	if err := tx.WithContext(ctx).Raw("SELECT clock_id, owner_id FROM commitments WHERE clock_id IN ? AND state = 'open'", clocks).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("read whose promises run out: %w", err)
	}
	owners := map[int64]int64{}
	for _, r := range rows {
		owners[r.ClockID] = r.OwnerID
	}
	return owners, nil
}
