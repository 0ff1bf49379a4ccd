package desk

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// How open tickets are planned anew: at most so many in one transaction, out of
// so many ids; and how often new orders are looked for.
const (
	planAtOnce = 200
	planSpan   = 5000
	planEvery  = 10 * time.Second
)

// demand is what the rules of deadlines look at, its customer's segment included.
func (s *Service) demand(tx *gorm.DB, t ticket.Ticket) (sla.Demand, error) {
	d := demandOf(t)
	if t.CustomerID == nil {
		return d, nil
	}
	if err := tx.Raw("SELECT coalesce(segment, '') FROM customers WHERE id = ?", *t.CustomerID).Scan(&d.Segment).Error; err != nil {
		return d, fmt.Errorf("read the segment of customer %d: %w", *t.CustomerID, err)
	}
	return d, nil
}

// replan plans a locked, open ticket anew, and returns which deadlines moved.
func (s *Service) replan(tx *gorm.DB, t ticket.Ticket, at time.Time) ([]sla.Move, error) {
	d, err := s.demand(tx, t)
	if err != nil {
		return nil, err
	}
	return s.policies.Replan(tx, t.ID, d, t.OpenedAt, at)
}

// Planned is what the event of a ticket that was planned anew tells beside its
// deadlines: why it was.
type Planned struct {
	Why string `json:"why"`
}

// replanChanged plans a locked, open ticket anew when it is another demand than it
// was, or its customer is of another segment.
func (s *Service) replanChanged(tx *gorm.DB, was, t ticket.Ticket, at time.Time) ([]sla.Move, error) {
	if demandOf(was) == demandOf(t) && (same(was.CustomerID, t.CustomerID) || !s.policies.AskSegments()) {
		return nil, nil
	}
	before, err := s.demand(tx, was)
	if err != nil {
		return nil, err
	}
	now, err := s.demand(tx, t)
	if err != nil || before == now {
		return nil, err
	}
	moves, err := s.policies.Replan(tx, t.ID, now, t.OpenedAt, at)
	if before.Segment != now.Segment {
		because(moves, sla.BySegment)
	}
	return moves, err
}

// because says why deadlines moved that were planned anew.
func because(moves []sla.Move, why string) {
	for i := range moves {
		moves[i].Why = why
	}
}

// planned plans those of the tickets anew that are open, with an event for each
// whose deadlines have moved, and returns how many those were.
// why is sla.ByRules, or what else made it.
func (s *Service) planned(ctx context.Context, tx *gorm.DB, ids []int64, by *int64, why string, at time.Time) (moved int, err error) {
	_, err = ticket.ChangeAll(ctx, tx, ids, func(t *ticket.Ticket) (ticket.Cause, error) {
		c := ticket.Cause{Kind: event.TicketPlanned, ActorID: by, Data: Planned{why}, At: at}
		if !t.Status.IsOpen() {
			return c, ticket.ErrUnchanged
		}
		moves, err := s.replan(tx, *t, at)
		if err != nil {
			return c, err
		}
		if len(moves) == 0 {
			return c, ticket.ErrUnchanged
		}
		because(moves, why)
		tellMoves(&c, moves)
		moved++
		now, err := sla.Current(tx, t.ID)
		t.Deadline = ticket.Deadline(now)
		return c, err
	})
	return moved, err
}

// Plan plans open tickets anew for whoever changed rules and wants them to hold
// for these as well, until ctx ends. Each order is a row that says how far it has
// come: any node goes on with it, one at a time.
func (s *Service) Plan(ctx context.Context, log *slog.Logger) error {
	tick := time.NewTicker(planEvery)
	defer tick.Stop()
	for {
		for {
			more, err := s.planSome(ctx)
			if err != nil && ctx.Err() == nil {
				log.ErrorContext(ctx, "open tickets are not planned anew by changed rules yet", slog.Any("error", err))
			}
			if err != nil || !more {
				break
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

type ruleRun struct {
	ID        int64
	AccountID int64
	LastID    int64
	AtID      int64
}

// planSome goes on with the oldest order that nobody else is at, and reports
// whether there is more to do.
func (s *Service) planSome(ctx context.Context) (more bool, err error) {
	moved := 0
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		more, moved = false, 0
		tx = tx.WithContext(ctx)
		var run ruleRun
		found := tx.Raw("SELECT id, account_id, last_id, at_id FROM rule_runs WHERE done_at IS NULL ORDER BY id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED").Scan(&run)
		if found.Error != nil || found.RowsAffected == 0 {
			return found.Error
		}
		// This node may not have heard yet of the rules that it is about.
		if err := s.policies.Reload(ctx, tx); err != nil {
			return err
		}
		last := min(run.LastID, run.AtID+planSpan)
		var ids []int64
		err := tx.Raw("SELECT id FROM tickets WHERE id > ? AND id <= ? AND open ORDER BY id LIMIT ?", run.AtID, last, planAtOnce).Scan(&ids).Error
		if err != nil {
			return err
		}
		if len(ids) == planAtOnce {
			last = ids[len(ids)-1]
		}
		at := s.now()
		if moved, err = s.planned(ctx, tx, ids, &run.AccountID, sla.ByRules, at); err != nil {
			return err
		}
		more = true
		return tx.Exec(`UPDATE rule_runs SET at_id = ?, looked = looked + ?, moved = moved + ?, done_at = CASE WHEN ? >= last_id THEN ?::timestamptz END WHERE id = ?`,
			last, len(ids), moved, last, at, run.ID).Error
	})
	if err != nil {
		return false, fmt.Errorf("plan open tickets anew: %w", err)
	}
	if moved > 0 {
		s.poke.Poke()
	}
	return more, nil
}
