package roster

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
)

const (
	maxAbsence  = 2 * 365 * 24 * time.Hour
	maxReason   = 200
	maxAbsences = 100 // of one person, that are not over
)

// Absence is a time in which somebody is given nothing. The reason is for those
// who arrange the teams alone: it may be about their health.
type Absence struct {
	ID        int64
	AccountID int64
	From, To  time.Time // To is not part of it
	Reason    string
}

const absenceColumns = `SELECT id, account_id, from_at AS "from", to_at AS "to", reason FROM absences`

// AddAbsence notes that somebody is away.
func (s *Service) AddAbsence(ctx context.Context, actor access.Actor, a Absence) (Absence, error) {
	bad := ErrInvalid
	var ok bool
	if a.Reason, ok = readable(a.Reason, maxReason); !ok {
		bad = bad.Field("body.reason", "not_text")
	}
	a.From, a.To = a.From.UTC().Truncate(time.Second), a.To.UTC().Truncate(time.Second)
	switch {
	case !a.To.After(a.From) || a.To.Sub(a.From) > maxAbsence:
		bad = bad.Field("body.to", "absence_order")
	case !a.To.After(s.now()):
		bad = bad.Field("body.to", "absence_past")
	}
	if len(bad.Details) > 0 {
		return Absence{}, bad
	}
	err := s.change(ctx, func(tx *gorm.DB) error {
		was, err := s.lock(ctx, tx, actor, a.AccountID)
		if err != nil {
			return err
		}
		if len(was.Absences) >= maxAbsences {
			return ErrInvalid.Field("body", "roster_too_many")
		}
		err = tx.Raw("INSERT INTO absences (account_id, from_at, to_at, reason, created_by) VALUES (?, ?, ?, ?, ?) RETURNING id",
			a.AccountID, a.From, a.To, a.Reason, actor.AccountID).Scan(&a.ID).Error
		if err != nil {
			return fmt.Errorf("note an absence: %w", err)
		}
		return nil
	})
	return a, err
}

// RemoveAbsence takes back that somebody is away.
func (s *Service) RemoveAbsence(ctx context.Context, actor access.Actor, id int64) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		var of int64
		if err := touched(tx.Raw("SELECT account_id FROM absences WHERE id = ?", id).Scan(&of), ErrNoAbsence); err != nil {
			return err
		}
		if _, err := s.lock(ctx, tx, actor, of); err != nil {
			return err
		}
		return touched(tx.Exec("DELETE FROM absences WHERE id = ?", id), ErrNoAbsence)
	})
}
