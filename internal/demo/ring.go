package demo

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// ring tells what the clocks that still run have passed, each at its own time.
// Left to the server it would all seem to have happened at its first start.
func (s *stage) ring(ctx context.Context) error {
	var due []sla.Due
	err := s.db.Gorm.WithContext(ctx).Raw(`SELECT id AS clock_id, ticket_id FROM clocks
		WHERE state = 'running' AND warn50 <= now() ORDER BY ticket_id, id`).Scan(&due).Error
	if err != nil {
		return fmt.Errorf("look for clocks that ring: %w", err)
	}
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		passed, err := sla.RecordStages(tx, due)
		if err != nil {
			return err
		}
		for len(passed) > 0 {
			n := 1
			for n < len(passed) && passed[n].TicketID == passed[0].TicketID {
				n++
			}
			if err := tell(ctx, tx, passed[:n]); err != nil {
				return err
			}
			passed = passed[n:]
		}
		return tx.Exec("UPDATE clock_stages SET at = due WHERE at > due").Error
	})
}

// tell makes one event of what a ticket's clocks have passed.
func tell(ctx context.Context, tx *gorm.DB, passed []sla.Due) error {
	cause := ticket.Cause{Kind: event.ClockWarned}
	var fell desk.Fell
	last := time.Time{}
	for _, d := range passed {
		fell.Stages = append(fell.Stages, desk.Stage{ClockID: d.ClockID, Clock: d.Kind, Stage: d.Stage, Due: d.Due.UTC()})
		if d.Stage == sla.StageDue {
			cause.Kind = event.ClockBreached
		}
		if d.Due.After(last) {
			last = d.Due
		}
	}
	was, err := ticket.ByID(ctx, tx, passed[0].TicketID)
	if err != nil {
		return err
	}
	if cause.At = last.UTC(); cause.At.Before(was.UpdatedAt) {
		cause.At = was.UpdatedAt // a timeline does not go back
	}
	cause.Data = fell
	_, err = ticket.Change(ctx, tx, was.ID, cause, func(t *ticket.Ticket) error {
		summary, err := sla.Current(tx, t.ID)
		t.Deadline = ticket.Deadline(summary)
		return err
	})
	return err
}
