package demo

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/area"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// asking is one internal request of the week.
type asking struct {
	area     string
	about    string // the root of the reasons whose tickets ask it
	ago      time.Duration
	body     string
	answer   string        // empty when none came
	by       string        // who signed it
	answered time.Duration // before the week's end
}

var areas = []struct {
	name, email, team string
	term              sla.Term
	hides             bool
}{
	{"Expedição", "expedicao@aroeira.example", "Entregas", sla.Term{Amount: 2, Unit: sla.BusinessDays}, false},
	// Of calendar days: overdue whatever day of the week the demonstration starts.
	{"Contas a pagar", "pagamentos@aroeira.example", "Financeiro", sla.Term{Amount: 1, Unit: sla.CalendarDays}, true},
}

var askings = []asking{
	{area: "Expedição", about: "Entrega", ago: 3 * time.Hour,
		body: "Onde está este pedido agora? Preciso de uma data de entrega que possamos cumprir."},
	{area: "Contas a pagar", about: "Cobrança", ago: 50 * time.Hour,
		body: "Este valor foi conferido? Se houver acerto a fazer, em que dia ele aparece para o cliente?"},
	{area: "Expedição", about: "Entrega", ago: 26 * time.Hour,
		body:   "Há outra unidade deste produto para envio imediato, se for preciso repor?",
		answer: "Há, sim. Se confirmarem hoje, sai na próxima coleta.", by: "Márcia, Expedição", answered: 2 * time.Hour},
}

// consult makes the areas of the company and lets tickets ask them: one waits for
// its answer, one for too long, one has it. A week in which no ticket about it
// was still open then has no such request.
func (s *stage) consult(ctx context.Context, now time.Time) error {
	ids := map[string]int64{}
	for _, a := range areas {
		var id int64
		err := s.db.Gorm.WithContext(ctx).Raw(`INSERT INTO areas (name, emails, team_id, calendar, amount, unit, hides)
			VALUES (?, ARRAY[?], ?, ?, ?, ?, ?) RETURNING id`, a.name, a.email, s.teams[a.team], sla.CalendarBR, a.term.Amount, a.term.Unit, a.hides).Scan(&id).Error
		if err != nil {
			return fmt.Errorf("make the area %s: %w", a.name, err)
		}
		ids[a.name] = id
	}
	asker := int64(0)
	for _, a := range s.staff {
		if a.Role == access.Supervisor {
			asker = a.ID
		}
	}
	for _, a := range askings {
		if err := s.db.InTx(ctx, func(tx *gorm.DB) error { return s.asks(ctx, tx, a, ids[a.area], asker, now) }); err != nil {
			return fmt.Errorf("ask %s: %w", a.area, err)
		}
	}
	return nil
}

// asks lets the newest ticket about it that nothing has happened to since ask.
func (s *stage) asks(ctx context.Context, tx *gorm.DB, a asking, areaID, who int64, now time.Time) error {
	at := now.Add(-a.ago)
	reasons := []int64{0}
	for path, id := range s.reasons {
		if path[0] == a.about {
			reasons = append(reasons, id)
		}
	}
	var about []struct {
		ID         int64
		AssigneeID *int64
	}
	err := tx.Raw(`SELECT id, assignee_id FROM tickets WHERE status IN ('new', 'open') AND NOT walled AND asked_area = '' AND area_answered_at IS NULL AND reason_id IN ?
		AND updated_at <= ? ORDER BY updated_at DESC, id LIMIT 1`, reasons, at).Scan(&about).Error
	if err != nil || len(about) == 0 {
		return err
	}
	if about[0].AssigneeID != nil {
		who = *about[0].AssigneeID
	}
	calendar, err := s.policies.Calendars().Get(sla.CalendarBR)
	if err != nil {
		return err
	}
	var term sla.Term
	for _, known := range areas {
		if known.name == a.area {
			term = known.term
		}
	}
	d, err := calendar.Due(at, term, nil)
	if err != nil {
		return err
	}
	request := requestID(a.body)
	told := func(act string) *area.Told { return &area.Told{Act: act, Request: request, Area: a.area} }
	asked := ticket.Cause{Kind: event.TicketArea, ActorID: &who, Data: told("asked"), At: at}
	_, err = ticket.Change(ctx, tx, about[0].ID, asked, func(t *ticket.Ticket) error {
		err := tx.Exec(`INSERT INTO area_requests (id, ticket_id, area_id, team_id, emails, body, hides, calendar, amount, unit, due, asked_by, asked_at,
			next_stage, next_at) SELECT ?, ?, id, team_id, emails, ?, hides, calendar, amount, unit, ?, ?, ?, 'overdue', ? FROM areas WHERE id = ?`,
			request, t.ID, a.body, d.Due, who, at, d.Due, areaID).Error
		if err != nil {
			return err
		}
		return area.Refresh(ctx, tx, t)
	})
	if err != nil || a.answer == "" {
		return err
	}
	said := now.Add(-a.answered)
	answered := told("answered")
	answered.Way, answered.Name = "link", a.by
	_, err = ticket.Change(ctx, tx, about[0].ID, ticket.Cause{Kind: event.TicketArea, Data: answered, At: said}, func(t *ticket.Ticket) error {
		err := tx.Exec(`WITH ended AS (UPDATE area_requests SET state = 'answered', ended_at = ?, next_stage = '', next_at = 'infinity' WHERE id = ? RETURNING id, emails)
			INSERT INTO area_answers (request_id, way, name, address, body, at) SELECT id, 'link', ?, emails[1], ?, ? FROM ended`,
			said, request, a.by, a.answer, said).Error
		if err != nil {
			return err
		}
		t.AreaAnsweredAt = &said
		return area.Refresh(ctx, tx, t)
	})
	return err
}

// requestID is what a request is called, the same for the same week.
func requestID(body string) string {
	sum := sha256.Sum256([]byte(body))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:26])
}
