package calendar

import (
	"context"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Bounds of an effect.
const (
	lookedAt = 20_000 // running deadlines
	examples = 8
)

// Effect is what a changed calendar would do to running deadlines.
type Effect struct {
	Running int  // that count by it
	More    bool // there are more than were looked at
	Moved   int
	Earlier int // of them
	First   []Example
}

// Example is one of the deadlines that would move.
type Example struct {
	Ticket ticket.Snapshot
	sla.Shift
}

// Effect says which running deadlines a calendar would move if it were saved like
// this, among those of tickets that the actor may see. It saves nothing.
func (s *Service) Effect(ctx context.Context, actor access.Actor, k sla.Kept) (Effect, error) {
	if _, err := s.policies.BuiltIn().Get(k.ID); err == nil {
		return Effect{}, sla.ErrBuiltIn
	}
	if _, err := sla.GetKept(ctx, s.db.Gorm, k.ID); err != nil {
		return Effect{}, err
	}
	_, c, err := k.Checked()
	if err != nil {
		return Effect{}, err
	}
	moved, running, err := sla.Shifts(ctx, s.db.Gorm, actor.Scope(), c, lookedAt+1)
	if err != nil {
		return Effect{}, err
	}
	e := Effect{Running: min(running, lookedAt), More: running > lookedAt, Moved: len(moved)}
	var ids []int64
	for i, m := range moved {
		if m.To.Before(m.From) {
			e.Earlier++
		}
		if i < examples {
			ids = append(ids, m.TicketID)
		}
	}
	rows, err := ticket.Snapshots(ctx, s.db.Gorm, actor, ids)
	for _, m := range moved[:len(ids)] {
		if row, seen := rows[m.TicketID]; seen {
			e.First = append(e.First, Example{row, m})
		}
	}
	return e, err
}
