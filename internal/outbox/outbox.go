// Package outbox keeps everything that goes out to customers, one row each,
// frozen as it was ordered: who it goes to, from whom, what it says. Nothing
// that changes afterwards, neither the customer nor an address, changes a row;
// a retry is the same thing again.
//
// Whoever wants something sent calls Insert in the transaction of what asks for
// it. The same thing, by purpose and key, is ordered once. Every order passes
// the gate of package reach, and what the gate refuses is kept with its reason.
// Package delivery does the sending.
//
// What only we see cannot get here: a reply is ordered from a ticket.Message,
// and nothing in this package reads or takes a ticket.Note.
package outbox

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/jobs"
	"github.com/escuta-sac/escuta/internal/reach"
)

// ErrNotFound is a row that is absent, or whose ticket is hidden from the asker.
var ErrNotFound = fault.New(fault.NotFound, "out_not_found")

// State is how far something on its way out has come.
type State string

// The states. Queued and Sending are on their way; the others are final, but
// that what was sent may still bounce.
const (
	Queued     State = "queued"
	Sending    State = "sending"   // a node has claimed it
	Sent       State = "sent"      // the next server has taken it over
	Delivered  State = "delivered" // it is known to have arrived
	Failed     State = "failed"
	CameBack   State = "bounced"    // it was taken over and came back
	Suppressed State = "suppressed" // the gate said no
	Undone     State = "undone"     // taken back before it went
)

// Out is one thing that goes out.
type Out struct {
	ID        int64
	Way       reach.Way // Email, SMS or Letter
	Purpose   reach.Purpose
	Key       string // with Purpose: ordered again, it is the same
	TicketID  *int64
	MessageID *int64
	// CustomerID is who it goes to, nil when nobody knows.
	CustomerID *int64
	Recipient  string
	MailboxID  *int64 // whose server and identity a mail uses; nil is the installation's
	MailID     string // Message-ID of a mail, without brackets; empty for others
	Envelope   json.RawMessage
	Digest     []byte // of what an acknowledgement answers
	State      State
	Reason     string    // code of why it waits, failed or was refused
	Detail     string    // what the other server said
	NotBefore  time.Time // the end of its undo window; zero is at once
	NextTry    time.Time
	Attempts   int
	FirstTry   *time.Time
	CreatedAt  time.Time
	SettledAt  *time.Time
}

// Insert orders something to be sent, unless it was ordered before: then it
// returns that order as it stands. What the gate refuses is stored as
// Suppressed, with the gate's reason. tx must be a transaction of postgres.DB.
func Insert(ctx context.Context, tx *gorm.DB, o Out) (Out, error) {
	var now time.Time
	if err := tx.WithContext(ctx).Raw("SELECT now()").Scan(&now).Error; err != nil {
		return Out{}, fmt.Errorf("ask for the time: %w", err)
	}
	if o.State == "" {
		o.State = Queued
	}
	if o.State == Queued {
		may, err := reach.May(ctx, tx, reach.Question{CustomerID: o.CustomerID, Address: o.Recipient, Way: o.Way, Purpose: o.Purpose, At: now})
		if err != nil {
			return Out{}, err
		}
		switch {
		case may.Allowed:
		case may.Until != nil && may.Until.After(o.NotBefore):
			o.NotBefore, o.Reason = *may.Until, may.Reason
		default:
			o.State, o.Reason = Suppressed, may.Reason
		}
	}
	if o.NotBefore.Before(now) {
		o.NotBefore = now
	}
	if len(o.Envelope) == 0 {
		o.Envelope = json.RawMessage("{}")
	}
	r := rowOf(o)
	err := tx.WithContext(ctx).Raw(`INSERT INTO outbox (way, purpose, key, ticket_id, message_id, customer_id, recipient, mailbox_id, mail_id,
		digest, envelope, state, reason, detail, not_before, next_try, settled_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb, ?, ?, ?, ?, ?, CASE WHEN ? = 'queued' THEN NULL ELSE now() END)
		ON CONFLICT (purpose, key) DO NOTHING RETURNING *`,
		r.Way, r.Purpose, r.Key, r.TicketID, r.MessageID, r.CustomerID, r.Recipient, r.MailboxID, r.MailID,
		r.Digest, r.Envelope, r.State, r.Reason, r.Detail, r.NotBefore, r.NotBefore, r.State).Scan(&r).Error
	if err != nil {
		return Out{}, fmt.Errorf("order %s %s: %w", o.Purpose, o.Key, err)
	}
	if r.ID == 0 {
		err := tx.WithContext(ctx).Raw("SELECT * FROM outbox WHERE purpose = ? AND key = ?", r.Purpose, r.Key).Scan(&r).Error
		if err != nil {
			return Out{}, fmt.Errorf("read the order %s %s: %w", o.Purpose, o.Key, err)
		}
		return r.out(), nil
	}
	if r.State != Queued {
		return r.out(), nil
	}
	return r.out(), jobs.Insert(tx, jobs.SendOut{OutID: r.ID}, r.NotBefore)
}
