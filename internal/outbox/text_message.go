package outbox

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/reach"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// TextMessage is an SMS as it was ordered.
type TextMessage struct {
	Text string `json:"text"`
}

// Out makes the order of an SMS to a phone in E.164.
func (m TextMessage) Out(t ticket.Ticket, purpose reach.Purpose, key, to string) Out {
	text, err := json.Marshal(m)
	if err != nil { // a string: it cannot
		panic("outbox: " + err.Error())
	}
	return Out{Way: reach.SMS, Purpose: purpose, Key: key, TicketID: &t.ID, CustomerID: t.CustomerID, Recipient: to, Envelope: text}
}

// TextReply orders the SMS that brings a message of ours to its customer.
func (p *Post) TextReply(ctx context.Context, tx *gorm.DB, t ticket.Ticket, m ticket.Message, to string) (Out, error) {
	o := TextMessage{Text: m.Body}.Out(t, reach.Reply, strconv.FormatInt(m.ID, 10), to)
	o.MessageID = &m.ID
	return Insert(ctx, tx, o)
}

// TextMessageOf reads the SMS that a row has frozen.
func TextMessageOf(o Out) (TextMessage, error) {
	var m TextMessage
	if err := json.Unmarshal(o.Envelope, &m); err != nil {
		return m, fmt.Errorf("read the frozen text message %d: %w", o.ID, err)
	}
	return m, nil
}
