package ombudsman

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Acceptance is what became of a recommendation.
type Acceptance string

// The acceptances. A rejection gives its reason.
const (
	Pending     Acceptance = "pending"
	Accepted    Acceptance = "accepted"
	Rejected    Acceptance = "rejected"
	Implemented Acceptance = "implemented"
)

// Acceptances are all of them.
var Acceptances = []Acceptance{Pending, Accepted, Rejected, Implemented}

const maxRecommendation = 5_000

// Recommendation is what the office asks an area to change.
type Recommendation struct {
	ID        int64
	TeamID    int64
	Team      string
	Body      string
	Due       string // a civil date, AAAA-MM-DD
	State     Acceptance
	Reason    string
	CreatedAt time.Time
	DecidedAt *time.Time
}

// Recommend writes down a recommendation to an area, also after the answer.
func (s *Service) Recommend(ctx context.Context, actor access.Actor, id, team int64, body, due string) (Recommendation, error) {
	body, err := checkText("body", body, maxRecommendation)
	if err != nil {
		return Recommendation{}, err
	}
	if _, err := time.Parse(time.DateOnly, due); err != nil {
		return Recommendation{}, wrong("due", "bad_time")
	}
	r := Recommendation{TeamID: team, Body: body, Due: due, State: Pending, CreatedAt: s.now()}
	err = s.act(ctx, actor, id, "recommended", func(tx *gorm.DB, t ticket.Ticket) (any, error) {
		if r.Team, err = areaOf(tx, t, team); err != nil {
			return nil, err
		}
		err := tx.Raw(`INSERT INTO case_recommendations (ticket_id, team_id, body, due, created_by, created_at)
			VALUES (?, ?, ?, ?::date, ?, ?) RETURNING id`, id, team, body, due, actor.AccountID, r.CreatedAt).Scan(&r.ID).Error
		if err != nil {
			return nil, fmt.Errorf("store a recommendation of case %d: %w", id, err)
		}
		return map[string]any{"recommendation": r.ID, "team": team}, nil
	})
	return r, err
}

// Decide notes what the area said to a recommendation.
func (s *Service) Decide(ctx context.Context, actor access.Actor, id, recommendation int64, state Acceptance, reason string) error {
	if !has(Acceptances, state) {
		return wrong("state", "unknown_choice")
	}
	if reason != "" || state == Rejected {
		var err error
		if reason, err = checkText("reason", reason, maxRemark); err != nil {
			return err
		}
	}
	return s.act(ctx, actor, id, "recommendation_decided", func(tx *gorm.DB, _ ticket.Ticket) (any, error) {
		done := tx.Exec(`UPDATE case_recommendations SET state = ?, reason = ?, decided_at = ? WHERE ticket_id = ? AND id = ?`,
			state, reason, s.now(), id, recommendation)
		return map[string]any{"recommendation": recommendation, "state": state}, changed(done, "decide a recommendation of", id)
	})
}

func recommendationsOf(db *gorm.DB, id int64) ([]Recommendation, error) {
	var all []Recommendation
	err := db.Raw(`SELECT r.id, r.team_id, t.name AS team, r.body, to_char(r.due, 'YYYY-MM-DD') AS due, r.state, r.reason, r.created_at, r.decided_at
		FROM case_recommendations r JOIN teams t ON t.id = r.team_id WHERE r.ticket_id = ? ORDER BY r.id`, id).Scan(&all).Error
	if err != nil {
		return nil, fmt.Errorf("read the recommendations of case %d: %w", id, err)
	}
	return all, nil
}

// areaOf names a team that may be addressed about a case: not one that it accuses.
func areaOf(tx *gorm.DB, t ticket.Ticket, team int64) (name string, err error) {
	if err := tx.Raw("SELECT name FROM teams WHERE id = ?", team).Scan(&name).Error; err != nil {
		return "", fmt.Errorf("read team %d: %w", team, err)
	}
	switch {
	case name == "":
		return "", wrong("team_id", "unknown_choice")
	case t.Barred.BarsTeam(team):
		return "", ErrAccused
	}
	return name, nil
}
