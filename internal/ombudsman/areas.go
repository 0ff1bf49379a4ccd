package ombudsman

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// maxRequest bounds a request and its answer, in runes.
const maxRequest = 10_000

// requestsShown bounds what an area is shown at once.
const requestsShown = 200

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
		if r.Team, err = area(tx, t, team); err != nil {
			return nil, err
		}
		c, err := lockCase(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		if err := revealing(tx, t, c, body); err != nil {
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

// revealing refuses a text by which the area would know whose case it is.
func revealing(tx *gorm.DB, t ticket.Ticket, c caseRow, body string) error {
	from, err := fromOf(tx, t.ID)
	if err != nil {
		return err
	}
	told := []string{t.CustomerName, t.Protocol, c.SacProtocol}
	for _, v := range from {
		told = append(told, v)
	}
	if c.SacTicketID != nil {
		var protocol string
		if err := tx.Raw("SELECT protocol FROM tickets WHERE id = ?", *c.SacTicketID).Scan(&protocol).Error; err != nil {
			return fmt.Errorf("read the SAC's protocol: %w", err)
		}
		told = append(told, protocol)
	}
	plain := squeezed(body)
	for _, v := range told {
		if v = squeezed(v); len(v) >= 5 && strings.Contains(plain, v) {
			return wrong("body", "case_reveals")
		}
	}
	return nil
}

// squeezed leaves letters and digits, so that no blank or dot hides a number.
func squeezed(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\n\r.-/()+,;:", r) {
			return -1
		}
		return r
	}, strings.ToLower(text))
}

// Withdraw takes a request back that has no answer yet: the area sees it no more.
func (s *Service) Withdraw(ctx context.Context, actor access.Actor, id int64, request string) error {
	return s.act(ctx, actor, id, "area_withdrawn", func(tx *gorm.DB, _ ticket.Ticket) (any, error) {
		done := tx.Exec("UPDATE area_requests SET state = 'withdrawn' WHERE ticket_id = ? AND id = ? AND state = 'open'", id, request)
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

const selectRequests = `SELECT r.id, r.team_id, t.name AS team, r.body, r.due, r.state, coalesce(s.body, '') AS answer, coalesce(a.name, '') AS answered_by,
	s.at AS answered_at, r.asked_at FROM area_requests r JOIN teams t ON t.id = r.team_id
	LEFT JOIN LATERAL (SELECT * FROM area_answers WHERE request_id = r.id ORDER BY id LIMIT 1) s ON true
	LEFT JOIN accounts a ON a.id = s.account_id`

// AreaRequests are what is asked of the actor's own teams: the open ones by
// deadline, then those answered, the newest first. Whatever a role sees
// elsewhere, here it is the teams alone.
func (s *Service) AreaRequests(ctx context.Context, actor access.Actor) ([]Request, error) {
	if len(actor.Teams) == 0 {
		return nil, nil
	}
	var all []Request
	err := s.db.Gorm.WithContext(ctx).Raw(selectRequests+` WHERE r.team_id IN ? AND r.state <> 'withdrawn'
		ORDER BY r.state = 'answered', CASE WHEN r.state = 'open' THEN r.due END, s.at DESC, r.id LIMIT ?`,
		actor.Teams, requestsShown).Scan(&all).Error
	if err != nil {
		return nil, fmt.Errorf("list what areas are asked: %w", err)
	}
	return all, nil
}

// AnswerArea stores an area's answer, once, and tells the case. Absent, another
// team's, withdrawn and answered are told apart by nobody who may not see them.
func (s *Service) AnswerArea(ctx context.Context, actor access.Actor, request, answer string) (Request, error) {
	answer, err := checkText("answer", answer, maxRequest)
	if err != nil {
		return Request{}, err
	}
	var id int64
	err = s.db.Gorm.WithContext(ctx).Raw("SELECT ticket_id FROM area_requests WHERE id = ? AND team_id IN ? AND state = 'open'",
		request, append([]int64{0}, actor.Teams...)).Scan(&id).Error
	if err != nil {
		return Request{}, fmt.Errorf("find a request: %w", err)
	}
	if id == 0 {
		return Request{}, ErrNotFound
	}
	// The area does not see the case that its answer goes to: the change is the
	// case's own, and its event stays behind the wall.
	c := ticket.Cause{Kind: event.CaseChanged, Data: map[string]any{"act": "area_answered"}, At: s.now()}
	_, err = s.desk.Change(ctx, nil, id, c, func(tx *gorm.DB, t *ticket.Ticket) error {
		done := tx.Exec(`UPDATE area_requests SET state = 'answered', ended_at = ? WHERE id = ? AND state = 'open'`, c.At, request)
		if err := changed(done, "answer a request of", id); err != nil {
			return err
		}
		err := tx.Exec(`INSERT INTO area_answers (request_id, way, account_id, body, at) VALUES (?, 'desk', ?, ?, ?)`,
			request, actor.AccountID, answer, c.At).Error
		if err != nil {
			return fmt.Errorf("store the answer to a request of case %d: %w", id, err)
		}
		return trace(ctx, tx, id, "area_answered", &actor.AccountID, map[string]any{"request": request}, c.At)
	})
	if err != nil {
		return Request{}, err
	}
	var r Request
	if err := s.db.Gorm.WithContext(ctx).Raw(selectRequests+" WHERE r.id = ?", request).Scan(&r).Error; err != nil {
		return Request{}, fmt.Errorf("read a request: %w", err)
	}
	return r, nil
}
