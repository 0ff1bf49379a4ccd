package incident

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// MaxAnswer bounds an answer to all, in runes: with a name for each variable it
// is still no longer than a message may be.
const MaxAnswer = 10_000

// Variables are what an answer to all names of each ticket.
var Variables = []string{"{nome}", "{protocolo}"}

var braces = regexp.MustCompile(`\{[^{}\s]{1,30}\}`)

// checkAnswer refuses a text with a variable that nothing fills in: thousands
// would read its name.
func checkAnswer(body string) (string, error) {
	body, err := ticket.CheckBody("body", body)
	if err != nil {
		return "", err
	}
	if len([]rune(body)) > MaxAnswer {
		return "", ticket.Wrong("body", "too_long", MaxAnswer)
	}
	for _, v := range braces.FindAllString(body, -1) {
		if v != Variables[0] && v != Variables[1] {
			return "", ticket.Wrong("body", "unknown_variable")
		}
	}
	return body, nil
}

// filled is the answer as one customer reads it. What a customer's name holds is
// text, also when it looks like a variable.
func filled(body string, t ticket.Ticket) string {
	name := strings.TrimSpace(t.CustomerName)
	if name == "" {
		name = "cliente"
	}
	return strings.NewReplacer(Variables[0], name, Variables[1], t.Protocol).Replace(body)
}

// answer answers one ticket of a run as an agent's answer goes, in one
// transaction with the note that it was.
func (s *Service) answer(ctx context.Context, actor access.Actor, r Run, id int64) error {
	t, err := ticket.ByID(ctx, s.db.Gorm, id)
	if err != nil {
		return err
	}
	if !t.Status.IsOpen() {
		return ticket.ErrClosed
	}
	_, _, err = s.desk.Reply(ctx, actor, id, desk.Reply{
		Body: filled(r.Body, t), Resolve: r.Resolve, ToAll: true,
		Within: func(ctx context.Context, tx *gorm.DB, m ticket.Message) error { return mark(ctx, tx, r, id, &m.ID) },
	})
	return err
}

// TellAgain sends the newest answer of its incident to a ticket that was put to
// it afterwards, or that was left alone. Each ticket gets an answer once.
func (s *Service) TellAgain(ctx context.Context, actor access.Actor, t ticket.Ticket) (ticket.Message, ticket.Ticket, error) {
	none := ticket.Message{}
	if t.IncidentID == nil {
		return none, t, ErrNoNews
	}
	r, err := s.lastAnswer(ctx, *t.IncidentID)
	if err != nil {
		return none, t, err
	}
	return s.desk.Reply(ctx, actor, t.ID, desk.Reply{
		Body: filled(r.Body, t), ToAll: true,
		Within: func(ctx context.Context, tx *gorm.DB, m ticket.Message) error {
			done := tx.WithContext(ctx).Exec(`INSERT INTO incident_run_tickets (run_id, ticket_id, state, message_id)
				SELECT ?, id, 'done', ? FROM tickets WHERE id = ? AND incident_id = ?
				ON CONFLICT (run_id, ticket_id) DO UPDATE SET state = 'done', reason = '', message_id = excluded.message_id WHERE incident_run_tickets.state <> 'done'`,
				r.ID, m.ID, t.ID, r.IncidentID)
			if done.Error != nil {
				return fmt.Errorf("note that ticket %d was told: %w", t.ID, done.Error)
			}
			if done.RowsAffected == 0 {
				return ErrTold
			}
			return nil
		},
	})
}

func (s *Service) lastAnswer(ctx context.Context, id int64) (Run, error) {
	var found []Run
	err := s.db.Gorm.WithContext(ctx).Raw(`SELECT id, incident_id, body FROM incident_runs
		WHERE incident_id = ? AND kind = 'answer' AND state <> 'cancelled' AND begins_at <= ? ORDER BY id DESC LIMIT 1`, id, s.now()).Scan(&found).Error
	if err != nil {
		return Run{}, fmt.Errorf("read the last answer of incident %d: %w", id, err)
	}
	if len(found) == 0 {
		return Run{}, ErrNoNews
	}
	return found[0], nil
}

// Untold reports whether the newest answer of its incident has not reached a ticket.
func (s *Service) Untold(ctx context.Context, t ticket.Ticket) (bool, error) {
	if t.IncidentID == nil || !t.Status.IsOpen() {
		return false, nil
	}
	r, err := s.lastAnswer(ctx, *t.IncidentID)
	if errors.Is(err, ErrNoNews) {
		return false, nil
	}
	var has bool
	if err == nil {
		err = s.db.Gorm.WithContext(ctx).Raw("SELECT EXISTS (SELECT FROM incident_run_tickets WHERE run_id = ? AND ticket_id = ? AND state <> 'skipped')", r.ID, t.ID).Scan(&has).Error
	}
	return !has, err
}

// Effect is what an answer to all would do now.
type Effect struct {
	Mail       int // goes out by mail, and stands on the page
	Page       int // stands on the customer's page only: no address is known
	Suppressed int // the same, because the gate is closed for the address
	Held       int // somebody is just answering: left alone
	Settled    int // resolved or closed: left alone
}

// Effect looks ahead at what an answer of the actor's to all tickets of an
// incident would do.
func (s *Service) Effect(ctx context.Context, actor access.Actor, id int64) (e Effect, err error) {
	var all []struct {
		ID         int64
		Open, Held bool
	}
	err = s.db.Gorm.WithContext(ctx).Raw(`SELECT t.id, t.open, t.holder_id IS NOT NULL AND t.holder_id <> @me AND t.lease_until >= now() AS held
		FROM tickets t WHERE t.incident_id = @incident AND NOT t.walled AND t.merged_into IS NULL AND `+access.Condition+` ORDER BY t.id`,
		actor.Scope().Named(map[string]any{"incident": id, "me": actor.AccountID})).Scan(&all).Error
	if err != nil {
		return e, fmt.Errorf("look at the tickets of incident %d: %w", id, err)
	}
	var goes []int64
	for _, t := range all {
		switch {
		case !t.Open:
			e.Settled++
		case t.Held:
			e.Held++
		default:
			goes = append(goes, t.ID)
		}
	}
	ways, err := s.desk.Outlook(ctx, goes)
	if err != nil {
		return e, err
	}
	for _, w := range ways {
		switch {
		case w.Mail:
			e.Mail++
		case w.Reason == "":
			e.Page++
		default:
			e.Suppressed++
		}
	}
	return e, nil
}
