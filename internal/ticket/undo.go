package ticket

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// Standing is what an answer changes of a ticket, as it was before it, so that
// the answer can be taken back. It is stored as JSON.
type Standing struct {
	Status        Status     `json:"status"`
	Preview       string     `json:"preview"`
	PublicVersion int        `json:"public_version"`
	WaitingSince  *time.Time `json:"waiting_since"`
	ResolvedAt    *time.Time `json:"resolved_at"`
	ReopenedAt    *time.Time `json:"reopened_at,omitempty"`

	AreaAnsweredAt *time.Time `json:"area_answered_at,omitempty"`
}

// Standing gives where the ticket stands.
func (t Ticket) Standing() Standing {
	return Standing{t.Status, t.Preview, t.PublicVersion, t.WaitingSince, t.ResolvedAt, t.ReopenedAt, t.AreaAnsweredAt}
}

// Restore puts the ticket back to where it stood before an answer that never
// went out: no move of its life, so the rules of Move do not ask.
func (t *Ticket) Restore(s Standing) {
	t.Status, t.Preview, t.PublicVersion = s.Status, s.Preview, s.PublicVersion
	t.WaitingSince, t.ResolvedAt, t.ReopenedAt, t.AreaAnsweredAt = s.WaitingSince, s.ResolvedAt, s.ReopenedAt, s.AreaAnsweredAt
}

// ShownStatus is the status that a ticket has for its customer: while an answer
// may still be taken back, the one it had before.
func ShownStatus(ctx context.Context, db *gorm.DB, t Ticket) (Status, error) {
	var before *Status
	err := db.WithContext(ctx).Raw(`SELECT u.before->'ticket'->>'status' FROM reply_undos u JOIN messages m ON m.id = u.message_id
		WHERE m.ticket_id = ? AND m.delivery <> 'undone' AND m.version = ? AND u.until > now()`, t.ID, t.PublicVersion).Scan(&before).Error
	if err != nil {
		return "", fmt.Errorf("read what the customer of ticket %d sees: %w", t.ID, err)
	}
	if before != nil {
		return *before, nil
	}
	return t.Status, nil
}

// MessageByID reads one message of a ticket whole, with its files; ErrNotFound when it
// has none of that id.
func MessageByID(ctx context.Context, db *gorm.DB, ticketID, id int64) (Message, error) {
	var rows []messageRow
	err := db.WithContext(ctx).Raw("SELECT html, "+messageColumns+" FROM messages WHERE id = ? AND ticket_id = ?", id, ticketID).Scan(&rows).Error
	if err != nil {
		return Message{}, fmt.Errorf("read message %d: %w", id, err)
	}
	if len(rows) == 0 {
		return Message{}, ErrNotFound
	}
	files, err := filesOf(ctx, db, ticketID)
	if err != nil {
		return Message{}, err
	}
	return rows[0].message(files[id]), nil
}
