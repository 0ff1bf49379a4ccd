package ombudsman

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/jobs"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// ComplementDays is how long a demandant has to add what was asked for, when
// nobody says otherwise (Decreto 9.492/2018 art. 18 par. 2: 20 days, then the
// demand is archived without a conclusive answer).
const ComplementDays = 20

// archiving is how often terms that have passed are looked for.
const archiving = time.Minute

// AskComplement asks the demandant for what is missing: a message to them, the
// clocks of the answer stand still from it, and the case is archived when the
// term passes without an answer. An answer lets the clocks go on.
func (s *Service) AskComplement(ctx context.Context, actor access.Actor, id int64, body string, days int) (ticket.Message, error) {
	if days == 0 {
		days = ComplementDays
	}
	if days < 1 || days > 90 {
		return ticket.Message{}, wrong("days", "unknown_choice")
	}
	if err := s.visible(ctx, actor, id); err != nil {
		return ticket.Message{}, err
	}
	calendar, err := s.calendars.Get("br")
	if err != nil {
		return ticket.Message{}, err
	}
	term, err := calendar.Due(s.now(), sla.Term{Amount: days, Unit: sla.CalendarDays, Roll: true}, nil)
	if err != nil {
		return ticket.Message{}, err
	}
	m, _, err := s.desk.Reply(ctx, actor, id, desk.Reply{Body: body, Within: func(ctx context.Context, tx *gorm.DB, m ticket.Message) error {
		r, err := lockCase(ctx, tx, id)
		if err != nil {
			return err
		}
		if r.ConcludedAt != nil || r.ArchivedAt != nil {
			return ErrEnded
		}
		if err := sla.Suspend(tx, id, &actor.AccountID, m.At); err != nil {
			return err
		}
		err = tx.Exec("UPDATE ombudsman_cases SET complement_at = ?, complement_due = ? WHERE ticket_id = ?", m.At, term.Due, id).Error
		if err != nil {
			return fmt.Errorf("note what is asked of case %d: %w", id, err)
		}
		return trace(ctx, tx, id, "complement_asked", &actor.AccountID, map[string]any{"message": m.ID, "due": term.Due}, m.At)
	}})
	return m, err
}

// visible is the wall before an act of package desk, which knows tickets only.
func (s *Service) visible(ctx context.Context, actor access.Actor, id int64) error {
	t, err := ticket.See(ctx, s.db.Gorm, actor, fmt.Sprint(id))
	switch {
	case err != nil:
		return err
	case !t.Walled:
		return ticket.ErrNotFound
	case !t.Status.IsOpen():
		return ErrEnded
	}
	return nil
}

// Run archives the cases whose demandants did not add what they were asked for,
// until ctx ends. Nodes that look at once find nothing left to do.
func (s *Service) Run(ctx context.Context) error {
	return jobs.Sweep(ctx, archiving, func(ctx context.Context) bool {
		if _, err := s.ArchiveDue(ctx); err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "cases are archived later", "error", err)
		}
		return false
	})
}

// ArchiveDue looks at the cases whose term for a complement has passed, and says
// how many it archived. One whose demandant answered goes on.
func (s *Service) ArchiveDue(ctx context.Context) (archived int, err error) {
	var ids []int64
	err = s.db.Gorm.WithContext(ctx).Raw(`SELECT c.ticket_id FROM ombudsman_cases c JOIN tickets t ON t.id = c.ticket_id
		WHERE c.complement_due IS NOT NULL AND (c.complement_due <= ? OR t.status <> 'waiting_customer')
		ORDER BY c.complement_due LIMIT 200`, s.now()).Scan(&ids).Error
	if err != nil {
		return 0, fmt.Errorf("look for complements that did not come: %w", err)
	}
	for _, id := range ids {
		done, err := s.archive(ctx, id)
		if err != nil {
			return archived, err
		}
		if done {
			archived++
		}
	}
	return archived, nil
}

func (s *Service) archive(ctx context.Context, id int64) (archived bool, err error) {
	_, err = s.desk.Archive(ctx, id, "complement_missing", func(tx *gorm.DB, t ticket.Ticket) error {
		archived = false
		r, err := lockCase(ctx, tx, id)
		if err != nil {
			return err
		}
		now := s.now()
		if r.ComplementDue == nil || t.Status == ticket.WaitingCustomer && now.Before(*r.ComplementDue) {
			return ticket.ErrUnchanged
		}
		if archived = t.Status == ticket.WaitingCustomer; !archived {
			err = s.complementCame(ctx, tx, id, now)
			if err == nil {
				err = ticket.ErrUnchanged
			}
			return err
		}
		err = tx.Exec(`UPDATE ombudsman_cases SET archived_at = ?, complement_at = NULL, complement_due = NULL WHERE ticket_id = ?`, now, id).Error
		if err != nil {
			return fmt.Errorf("archive case %d: %w", id, err)
		}
		return trace(ctx, tx, id, "archived", nil, map[string]any{"reason": "complement_missing"}, now)
	})
	return archived, err
}

// complementCame forgets the term of a case whose demandant has answered.
func (s *Service) complementCame(ctx context.Context, tx *gorm.DB, id int64, now time.Time) error {
	err := tx.Exec("UPDATE ombudsman_cases SET complement_at = NULL, complement_due = NULL WHERE ticket_id = ?", id).Error
	if err != nil {
		return fmt.Errorf("note what came for case %d: %w", id, err)
	}
	return trace(ctx, tx, id, "complement_came", nil, nil, now)
}
