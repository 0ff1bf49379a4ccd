package area

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/jobs"
	"github.com/escuta-sac/escuta/internal/ticket"
)

const (
	chasing     = 15 * time.Second
	chaseAtOnce = 100
	// undoTime is how long a resolved ticket keeps its requests: an answer that
	// resolved it may still be taken back.
	undoTime = 2 * time.Minute
)

// Run reminds areas of what they owe, records what is overdue, and withdraws what
// resolved tickets still ask, until ctx ends. Nodes may do it at once: each stage
// is a row that only one of them can write.
func (s *Service) Run(ctx context.Context) error {
	return jobs.Sweep(ctx, chasing, func(ctx context.Context) bool {
		n, err := s.Chase(ctx)
		if err == nil {
			_, err = s.WithdrawEnded(ctx)
		}
		if err != nil && ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "areas are reminded later", "error", err)
		}
		return err == nil && n == chaseAtOnce
	})
}

// Chase does what time has made due of open requests, and says of how many.
func (s *Service) Chase(ctx context.Context) (done int, err error) {
	var due []struct {
		ID       string
		TicketID int64
	}
	err = s.DB.Gorm.WithContext(ctx).Raw(`SELECT id, ticket_id FROM area_requests WHERE state = 'open' AND next_at <= ?
		ORDER BY next_at, id LIMIT ?`, s.Now(), chaseAtOnce).Scan(&due).Error
	if err != nil {
		return 0, fmt.Errorf("look for areas to remind: %w", err)
	}
	for _, d := range due {
		err := s.remind(ctx, d.TicketID, d.ID)
		if err != nil && !errors.Is(err, ErrEnded) && !errors.Is(err, ErrNotFound) {
			return done, fmt.Errorf("remind of request %s: %w", refOf(d.ID), err)
		}
		done++
	}
	return done, nil
}

// remind records every stage that has come, and mails once, about the last: an
// area that nobody reminded for a week gets one mail, not five.
func (s *Service) remind(ctx context.Context, ticketID int64, id string) error {
	told := &Told{Request: id}
	_, err := s.change(ctx, nil, ticketID, told, func(tx *gorm.DB, t *ticket.Ticket, at time.Time) error {
		r, err := lockOpen(ctx, tx, t.ID, id)
		if err != nil {
			return err
		}
		if r.AreaID == nil {
			return ticket.ErrUnchanged
		}
		a, err := areaByID(ctx, tx, *r.AreaID)
		if err != nil {
			return err
		}
		done, err := stagesOf(ctx, tx, r)
		if err != nil {
			return err
		}
		come, next, err := s.climbed(r, a, done, at)
		if err != nil {
			return err
		}
		if err := record(ctx, tx, r, come, next, at); err != nil {
			return err
		}
		if len(come) == 0 {
			// Only the next stage was moved, by another node or by new rules of the area.
			return s.unchanged(ctx, tx, r, next)
		}
		last := come[len(come)-1].stage
		told.Area, told.Team, told.Act, told.Due = r.Area, r.TeamID, actOf(come), &r.Due
		return s.mail(ctx, tx, *t, r, last, at)
	})
	return err
}

// unchanged stores when to look again, and leaves the ticket alone.
func (s *Service) unchanged(ctx context.Context, tx *gorm.DB, r Request, next rung) error {
	err := tx.WithContext(ctx).Exec(`UPDATE area_requests SET next_stage = ?, next_at = coalesce(?::timestamptz, 'infinity') WHERE id = ?`,
		next.stage, next.or(), r.ID).Error
	if err != nil {
		return fmt.Errorf("put request %s off: %w", r.Ref(), err)
	}
	return ticket.ErrUnchanged
}

// actOf is what the event of several stages tells: that it is overdue, when it
// was not before, comes first.
func actOf(come []rung) string {
	for _, r := range come {
		if r.stage == stageOverdue {
			return "overdue"
		}
	}
	if come[len(come)-1].stage == stageReminded {
		return "reminded"
	}
	return "chased"
}

func (s *Service) climbed(r Request, a Area, done map[string]bool, now time.Time) (come []rung, next rung, err error) {
	c, err := s.Calendars.Get(r.Calendar)
	if err != nil {
		return nil, rung{}, err
	}
	d, err := c.Due(r.AskedAt, r.Term, nil)
	if err != nil {
		return nil, rung{}, err
	}
	all, err := ladder(c, a, r.Due, d.Warn)
	if err != nil {
		return nil, rung{}, err
	}
	come, upcoming := climb(all, done, now)
	if upcoming != nil {
		next = *upcoming
	}
	return come, next, nil
}

func stagesOf(ctx context.Context, tx *gorm.DB, r Request) (map[string]bool, error) {
	var stages []string
	err := tx.WithContext(ctx).Raw(`SELECT stage FROM area_stages WHERE request_id = ? AND round = ?`, r.ID, r.Round).Scan(&stages).Error
	if err != nil {
		return nil, fmt.Errorf("read the stages of request %s: %w", r.Ref(), err)
	}
	done := map[string]bool{}
	for _, stage := range stages {
		done[stage] = true
	}
	return done, nil
}

func record(ctx context.Context, tx *gorm.DB, r Request, come []rung, next rung, at time.Time) error {
	for _, c := range come {
		err := tx.WithContext(ctx).Exec(`INSERT INTO area_stages (request_id, round, stage, at) VALUES (?, ?, ?, ?)`, r.ID, r.Round, c.stage, at).Error
		if err == nil && c.stage == stageOverdue {
			err = tx.WithContext(ctx).Exec(`UPDATE area_requests SET overdue_at = ? WHERE id = ?`, at, r.ID).Error
		}
		if err != nil {
			return fmt.Errorf("record that request %s is %s: %w", r.Ref(), c.stage, err)
		}
	}
	if len(come) == 0 {
		return nil
	}
	err := tx.WithContext(ctx).Exec(`UPDATE area_requests SET next_stage = ?, next_at = coalesce(?::timestamptz, 'infinity') WHERE id = ?`,
		next.stage, next.or(), r.ID).Error
	if err != nil {
		return fmt.Errorf("plan the next stage of request %s: %w", r.Ref(), err)
	}
	return nil
}

// WithdrawEnded takes back what tickets still ask that are resolved, by whatever
// way they were, and says how many requests. One that is reopened asks anew.
func (s *Service) WithdrawEnded(ctx context.Context) (done int, err error) {
	var left []struct {
		ID       string
		TicketID int64
	}
	err = s.DB.Gorm.WithContext(ctx).Raw(`SELECT r.id, r.ticket_id FROM area_requests r JOIN tickets t ON t.id = r.ticket_id
		WHERE r.state = 'open' AND t.status IN ('resolved', 'closed') AND coalesce(t.resolved_at, t.closed_at) <= ?
		ORDER BY r.id LIMIT ?`, s.Now().Add(-undoTime), chaseAtOnce).Scan(&left).Error
	if err != nil {
		return 0, fmt.Errorf("look for requests of resolved tickets: %w", err)
	}
	for _, l := range left {
		_, err := s.end(ctx, nil, l.TicketID, l.ID, Withdrawn, "")
		if err != nil && !errors.Is(err, ErrEnded) && !errors.Is(err, ErrNotFound) {
			return done, fmt.Errorf("withdraw request %s: %w", refOf(l.ID), err)
		}
		done++
	}
	return done, nil
}
