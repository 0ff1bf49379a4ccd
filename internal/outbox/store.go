package outbox

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/escuta-sac/escuta/internal/reach"
)

// row is an Out as the table holds it.
type row struct {
	ID         int64
	Way        reach.Way
	Purpose    reach.Purpose
	Key        string
	TicketID   *int64
	MessageID  *int64
	CustomerID *int64
	Recipient  string
	MailboxID  *int64
	MailID     *string
	Digest     []byte
	Envelope   string
	State      State
	Reason     string
	Detail     string
	NotBefore  time.Time
	NextTry    time.Time
	Attempts   int
	FirstTry   *time.Time
	Node       *string
	Fence      int64
	CreatedAt  time.Time
	SettledAt  *time.Time
}

func (row) TableName() string { return "outbox" }

func rowOf(o Out) row {
	r := row{
		Way: o.Way, Purpose: o.Purpose, Key: o.Key, TicketID: o.TicketID, MessageID: o.MessageID, CustomerID: o.CustomerID,
		Recipient: o.Recipient, MailboxID: o.MailboxID, Digest: o.Digest, Envelope: string(o.Envelope),
		State: o.State, Reason: o.Reason, Detail: o.Detail, NotBefore: o.NotBefore,
	}
	if o.MailID != "" {
		r.MailID = &o.MailID
	}
	if o.Purpose == reach.Confirmation {
		r.Purpose, r.Key = reach.Acknowledgement, confirmed+o.Key
	}
	return r
}

// confirmed begins the keys of confirmations. The table's check knows the purposes
// of its day, and takes one as an acknowledgement under such a key.
const confirmed = "confirmed:"

func (r row) out() Out {
	o := Out{
		ID: r.ID, Way: r.Way, Purpose: r.Purpose, Key: r.Key, TicketID: r.TicketID, MessageID: r.MessageID,
		CustomerID: r.CustomerID, Recipient: r.Recipient, MailboxID: r.MailboxID, Envelope: json.RawMessage(r.Envelope),
		Digest: r.Digest, State: r.State, Reason: r.Reason, Detail: r.Detail, NotBefore: r.NotBefore, NextTry: r.NextTry,
		Attempts: r.Attempts, FirstTry: r.FirstTry, CreatedAt: r.CreatedAt, SettledAt: r.SettledAt,
	}
	if r.MailID != nil {
		o.MailID = *r.MailID
	}
	if key, is := strings.CutPrefix(r.Key, confirmed); is && r.Purpose == reach.Acknowledgement {
		o.Purpose, o.Key = reach.Confirmation, key
	}
	return o
}
