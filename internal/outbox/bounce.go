package outbox

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/reach"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Bounce is the news that something of ours came back.
type Bounce struct {
	OutID      int64  // from the return path it came back to; 0 when that says nothing
	MailID     string // Message-ID of what came back, without brackets; empty when unknown
	Recipient  string // who did not get it, as the other server says
	Status     string // enhanced status code (RFC 3463), such as 5.1.1
	Hard       bool   // it will not do to try again
	Diagnostic string
	At         time.Time // PostgreSQL's
}

// Told is what the event ticket.delivered tells: what became of a message.
type Told struct {
	MessageID int64           `json:"message_id"`
	Delivery  ticket.Delivery `json:"delivery"`
	Reason    string          `json:"reason,omitempty"` // code of why it failed
}

// Find tells which of our rows a bounce is about: by the return path, which is
// signed, else by the Message-ID. found is false for what is not ours.
func Find(ctx context.Context, tx *gorm.DB, b Bounce) (o Out, found bool, err error) {
	var r row
	err = tx.WithContext(ctx).Raw(`SELECT * FROM outbox WHERE way = 'email' AND (id = ? OR mail_id = ?) ORDER BY id = ? DESC LIMIT 1`,
		b.OutID, b.MailID, b.OutID).Scan(&r).Error
	if err != nil {
		return Out{}, false, fmt.Errorf("find what bounced: %w", err)
	}
	return r.out(), r.ID != 0, nil
}

// Bounced notes that something came back, on its row and on its message; a hard
// bounce also marks and suppresses the address. The address is the one we wrote
// to, never one that the bounce names: anybody can write a bounce about anybody.
// What is not ours, or has come back before, changes nothing.
func Bounced(ctx context.Context, tx *gorm.DB, b Bounce) error {
	o, found, err := Find(ctx, tx, b)
	if err != nil || !found {
		return err
	}
	// What it was is read with the lock: whoever hands it over may be noting just now that it went.
	var was row
	err = tx.WithContext(ctx).Raw(`WITH was AS (SELECT * FROM outbox WHERE id = ? AND state IN ('sending', 'sent', 'delivered') FOR UPDATE),
		came AS (UPDATE outbox o SET state = 'bounced', reason = 'bounced', detail = ?, settled_at = ? FROM was WHERE o.id = was.id)
		SELECT * FROM was`, o.ID, clip(b.Status+" "+b.Diagnostic), b.At).Scan(&was).Error
	if err != nil {
		return fmt.Errorf("note a bounce of %d: %w", o.ID, err)
	}
	if was.ID == 0 {
		return nil
	}
	o = was.out()
	if b.Hard {
		if err := reach.Bounced(ctx, tx, o.Recipient, b.At); err != nil {
			return err
		}
	}
	if o.SettledAt != nil && o.State != Sending {
		if err := customerTold(ctx, tx, o, *o.SettledAt, true); err != nil {
			return err
		}
	}
	return Tell(ctx, tx, o, ticket.Failed, "bounced", b.At)
}

// Tell notes on the message of a row, if it has one, what became of it, as a
// change of its ticket with the event ticket.delivered. A message that stands
// there already, or was taken back, stays.
func Tell(ctx context.Context, tx *gorm.DB, o Out, d ticket.Delivery, reason string, at time.Time) error {
	if o.MessageID == nil || o.TicketID == nil || o.Purpose != reach.Reply {
		return nil
	}
	cause := ticket.Cause{Kind: event.TicketDelivered, Data: Told{MessageID: *o.MessageID, Delivery: d, Reason: reason}, At: at}
	_, err := ticket.Change(ctx, tx, *o.TicketID, cause, func(*ticket.Ticket) error {
		// Under the ticket's lock, which every change of its messages takes first.
		done := tx.WithContext(ctx).Exec(`UPDATE messages SET delivery = ?, delivery_reason = ?
			WHERE id = ? AND delivery NOT IN ('none', 'undone') AND (delivery, delivery_reason) <> (?, ?)`, d, reason, *o.MessageID, d, reason)
		if done.Error == nil && done.RowsAffected == 0 {
			return ticket.ErrUnchanged
		}
		return done.Error
	})
	if err != nil {
		return fmt.Errorf("note what became of message %d: %w", *o.MessageID, err)
	}
	return nil
}

// maxDetail bounds what is kept of another server's words, in bytes.
const maxDetail = 500

func clip(s string) string {
	if len(s) > maxDetail {
		s = s[:maxDetail]
	}
	return toText(s)
}
