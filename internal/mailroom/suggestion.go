package mailroom

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Suggestion is a ticket that another one may be about, by what one's mail
// refers to, though its sender is not on the other.
type Suggestion struct {
	TicketID     int64
	Protocol     string
	Subject      string
	CustomerName string
	Status       ticket.Status
	Reason       string // signed_id: it answers a mail of ours; known_mail: one that is known there
}

// Suggestions lists what a ticket may be about, and what may be about it, newest
// first: only what the actor may see.
func Suggestions(ctx context.Context, db *gorm.DB, actor access.Actor, ticketID int64) ([]Suggestion, error) {
	seen := []Suggestion{}
	err := db.WithContext(ctx).Raw(`SELECT t.id AS ticket_id, t.protocol, t.subject, t.customer_name, t.status, s.reason
		FROM (SELECT about_id AS id, reason FROM mail_suggestions WHERE ticket_id = @id
		      UNION ALL SELECT ticket_id, reason FROM mail_suggestions WHERE about_id = @id) s
		JOIN tickets t ON t.id = s.id WHERE `+access.Condition+` ORDER BY t.id DESC LIMIT 20`,
		actor.Scope().Named(map[string]any{"id": ticketID})).Scan(&seen).Error
	if err != nil {
		return nil, fmt.Errorf("read what ticket %d may be about: %w", ticketID, err)
	}
	return seen, nil
}
