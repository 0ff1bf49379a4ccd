package roster

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
)

// Mode is how a team's tickets get to people.
type Mode string

// The modes.
const (
	Manual Mode = "manual" // claimed by hand, or assigned by a supervisor
	Pull   Mode = "pull"   // taken by Next, one after the other
	Push   Mode = "push"   // given out by the desk
)

// Valid reports whether m is one of the modes.
func (m Mode) Valid() bool { return m == Manual || m == Pull || m == Push }

// Bounds of a team's settings.
const (
	MaxHeavyInRow = 50
	MaxStickyDays = 365
)

// Team is how a team's tickets get to people.
type Team struct {
	ID   int64
	Name string
	Mode Mode
	// HeavyInRow is how many of the heavy kinds Next serves one after the other
	// while something lighter waits; 0 does not mix.
	HeavyInRow int
	// StickyDays is for how many days a customer's new tickets go to who answered
	// them last; 0 for none.
	StickyDays int
}

// TeamChange is what to alter of a team; nil leaves a thing as it is.
type TeamChange struct {
	Mode       *Mode
	HeavyInRow *int
	StickyDays *int
}

// Teams lists all teams by name.
func Teams(ctx context.Context, db *gorm.DB) ([]Team, error) {
	var teams []Team
	err := db.WithContext(ctx).Raw("SELECT id, name, routing AS mode, heavy_in_row, sticky_days FROM teams ORDER BY lower(name), id").Scan(&teams).Error
	if err != nil {
		return nil, fmt.Errorf("read how teams are given tickets: %w", err)
	}
	return teams, nil
}

// Teams lists the teams that the actor arranges.
func (s *Service) Teams(ctx context.Context, actor access.Actor) ([]Team, error) {
	all, err := Teams(ctx, s.db.Gorm)
	if err != nil {
		return nil, err
	}
	own := all[:0]
	for _, t := range all {
		if arranges(actor, t.ID) {
			own = append(own, t)
		}
	}
	return own, nil
}

// ChangeTeam changes how a team's tickets get to people.
func (s *Service) ChangeTeam(ctx context.Context, actor access.Actor, id int64, c TeamChange) (Team, error) {
	bad := ErrInvalid
	if c.Mode != nil && !c.Mode.Valid() {
		bad = bad.Field("body.mode", "unknown_choice")
	}
	if c.HeavyInRow != nil && (*c.HeavyInRow < 0 || *c.HeavyInRow > MaxHeavyInRow) {
		bad = bad.Field("body.heavy_in_row", "roster_number")
	}
	if c.StickyDays != nil && (*c.StickyDays < 0 || *c.StickyDays > MaxStickyDays) {
		bad = bad.Field("body.sticky_days", "roster_number")
	}
	if len(bad.Details) > 0 {
		return Team{}, bad
	}
	if !arranges(actor, id) {
		return Team{}, ErrForbidden
	}
	var t Team
	err := s.change(ctx, func(tx *gorm.DB) error {
		result := tx.Raw(`UPDATE teams SET routing = coalesce(?, routing), heavy_in_row = coalesce(?, heavy_in_row), sticky_days = coalesce(?, sticky_days)
			WHERE id = ? RETURNING id, name, routing AS mode, heavy_in_row, sticky_days`, c.Mode, c.HeavyInRow, c.StickyDays, id).Scan(&t)
		if result.Error != nil {
			return fmt.Errorf("change how team %d is given tickets: %w", id, result.Error)
		}
		if result.RowsAffected == 0 {
			return ErrNoTeam
		}
		return nil
	})
	return t, err
}
