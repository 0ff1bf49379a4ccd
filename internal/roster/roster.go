// Package roster knows who can be given what, and when: how a team's tickets get
// to people, which skills a ticket demands and who has them, how much somebody
// is given at once, when they work and when they are away. It decides nothing
// about a ticket; packages assign and routing do, by what stands here.
package roster

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/postgres"
)

// The failures of this package. ErrInvalid names its fields.
var (
	ErrInvalid    = fault.New(fault.Invalid, "roster_invalid")
	ErrForbidden  = fault.New(fault.Forbidden, "roster_forbidden") // somebody of other teams
	ErrNoTeam     = fault.New(fault.NotFound, "roster_team_not_found")
	ErrNoPerson   = fault.New(fault.NotFound, "roster_person_not_found")
	ErrNoSkill    = fault.New(fault.NotFound, "skill_not_found")
	ErrSkillTaken = fault.New(fault.Conflict, "skill_taken")
	ErrNoRule     = fault.New(fault.NotFound, "skill_rule_not_found")
	ErrRuleTwice  = fault.New(fault.Conflict, "skill_rule_exists")
	ErrNoAbsence  = fault.New(fault.NotFound, "absence_not_found")
)

// Service keeps the roster.
type Service struct {
	db      *postgres.DB
	zone    *time.Location
	now     func() time.Time
	changed chan struct{}
}

// New makes the service. zone is the installation's, for whoever has none of
// their own; now is PostgreSQL's time.
func New(db *postgres.DB, zone *time.Location, now func() time.Time) *Service {
	return &Service{db: db, zone: zone, now: now, changed: make(chan struct{}, 1)}
}

// Changed tells that something was changed by this node. It has one reader.
func (s *Service) Changed() <-chan struct{} { return s.changed }

// change runs fn in a transaction and tells of it.
func (s *Service) change(ctx context.Context, fn func(tx *gorm.DB) error) error {
	err := s.db.InTx(ctx, func(tx *gorm.DB) error { return fn(tx.WithContext(ctx)) })
	if err != nil {
		return err
	}
	select {
	case s.changed <- struct{}{}:
	default: // it will be told already
	}
	return nil
}

// arranges reports whether the actor arranges what these teams do.
func arranges(actor access.Actor, teams ...int64) bool {
	if actor.Role == access.Admin {
		return true
	}
	for _, team := range teams {
		for _, own := range actor.Teams {
			if own == team {
				return true
			}
		}
	}
	return false
}
