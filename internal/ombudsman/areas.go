package ombudsman

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/area"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// maxRequest bounds a request and its answer, in runes.
const maxRequest = 10_000

// Request is what the office asks an area. Its text was written for the area: no
// name, no identity and no number of the case is in the rest of it, and its id
// is 128 random bits, so that neither it nor the order of two tells anything.
type Request struct {
	ID         string
	TeamID     int64
	Team       string
	Body       string
	Due        time.Time
	State      string // open, answered, withdrawn
	Answer     string
	AnsweredBy string // name, for the office
	AnsweredAt *time.Time
	AskedAt    time.Time
}

// Ask sends a request to an area. Nothing of the demand is put into it: the text
// is the one somebody wrote for this area, and refused when it holds the name or
// an identity of the demandant or a protocol of the case.
func (s *Service) Ask(ctx context.Context, actor access.Actor, id, team int64, body string, due time.Time) (Request, error) {
	body, err := checkText("body", body, maxRequest)
	if err != nil {
		return Request{}, err
	}
	now := s.now()
	if !due.After(now) || due.After(now.AddDate(1, 0, 0)) {
		return Request{}, wrong("due", "bad_time")
	}
	r := Request{ID: strings.ToLower(rand.Text()), TeamID: team, Body: body, Due: due, State: "open", AskedAt: now}
	err = s.open(ctx, actor, id, "area_asked", func(tx *gorm.DB, t ticket.Ticket) (any, error) {
		if r.Team, err = areaOf(tx, t, team); err != nil {
			return nil, err
		}
		if err := area.Revealing(ctx, tx, t, body); err != nil {
			return nil, err
		}
		err = tx.Exec(`INSERT INTO area_requests (id, ticket_id, team_id, body, due, asked_by, asked_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			r.ID, id, team, body, due, actor.AccountID, now).Error
		if err != nil {
			return nil, fmt.Errorf("ask an area about case %d: %w", id, err)
		}
		return map[string]any{"request": r.ID, "team": team}, nil
	})
	return r, err
}

// Withdraw takes a request back that has no answer yet: the area sees it no more.
func (s *Service) Withdraw(ctx context.Context, actor access.Actor, id int64, request string) error {
	return s.act(ctx, actor, id, "area_withdrawn", func(tx *gorm.DB, _ ticket.Ticket) (any, error) {
		done := tx.Exec("UPDATE area_requests SET state = 'withdrawn', ended_at = ? WHERE ticket_id = ? AND id = ? AND state = 'open'", s.now(), id, request)
		return map[string]any{"request": request}, changed(done, "withdraw a request of", id)
	})
}

func requestsOf(db *gorm.DB, id int64) ([]Request, error) {
	var all []Request
	err := db.Raw(selectRequests+` WHERE r.ticket_id = ? ORDER BY r.asked_at, r.id`, id).Scan(&all).Error
	if err != nil {
		return nil, fmt.Errorf("read the requests of case %d: %w", id, err)
	}
	return all, nil
}

const selectRequests = `SELECT r.id, coalesce(r.team_id, 0) AS team_id, coalesce(e.name, t.name) AS team, r.body, r.due, r.state, coalesce(s.body, '') AS answer, coalesce(nullif(s.name, ''), a.name, '') AS answered_by,
	s.at AS answered_at, r.asked_at FROM area_requests r LEFT JOIN teams t ON t.id = r.team_id LEFT JOIN areas e ON e.id = r.area_id
	LEFT JOIN LATERAL (SELECT * FROM area_answers WHERE request_id = r.id ORDER BY id LIMIT 1) s ON true
	LEFT JOIN accounts a ON a.id = s.account_id`
