package desk

import (
	"context"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Spoken is an answer that was given by phone, as its author notes it: the
// customer finds it on their page, and nothing is sent.
type Spoken struct {
	Said      string
	ContactID int64 // the call
	Resolve   bool  // it settles the matter; else it is the customer's turn
}

// SpokenTo is what the event of a spoken answer tells beside the row.
type SpokenTo struct {
	Replied
	Channel   channel.Name `json:"channel"`
	ContactID int64        `json:"contact_id"`
}

// Speak stores what was said to the customer on the phone. It stops the clocks
// that wait for an answer, as a reply does, under the same conditions.
func (s *Service) Speak(ctx context.Context, actor access.Actor, id int64, sp Spoken) (ticket.Message, ticket.Ticket, error) {
	told := SpokenTo{Channel: channel.Phone, ContactID: sp.ContactID}
	var said ticket.Message
	c := ticket.Cause{Kind: event.TicketReplied, Data: &told, At: s.now()}
	done, err := s.act(ctx, &actor, id, c, func(tx *gorm.DB, t *ticket.Ticket) (err error) {
		told.From = t.Status
		said, err = s.Say(ctx, tx, actor, t, sp)
		told.MessageID, told.To = said.ID, t.Status
		return err
	})
	return said, done, err
}

// Say is Speak within an Act that changes more than that.
func (s *Service) Say(ctx context.Context, tx *gorm.DB, actor access.Actor, t *ticket.Ticket, sp Spoken) (ticket.Message, error) {
	body, err := ticket.CheckBody("said", sp.Said)
	if err != nil {
		return ticket.Message{}, err
	}
	if sp.Resolve && t.Walled {
		return ticket.Message{}, ErrCase
	}
	if err := s.mayReply(ctx, tx, actor, t, Reply{}); err != nil {
		return ticket.Message{}, err
	}
	now := s.now()
	if err := t.Answered(sp.Resolve, now); err != nil {
		return ticket.Message{}, err
	}
	how := envelopeOf(string(channel.Phone), *t, "")
	how.Spoken = true
	said, err := ticket.InsertMessage(ctx, tx, t, ticket.Message{
		ContactID: &sp.ContactID, Direction: ticket.Out, AuthorID: &actor.AccountID, AuthorName: actor.Name,
		Body: body, Delivery: ticket.Delivered, Envelope: how.frozen(), At: now,
	})
	if err != nil {
		return ticket.Message{}, err
	}
	for _, kind := range []sla.Kind{sla.Acknowledgement, sla.FirstResponse, sla.NextResponse} {
		if err := sla.Stop(tx, t.ID, kind, now); err != nil {
			return ticket.Message{}, err
		}
	}
	_, err = s.spoke(ctx, tx, actor, t, said, nil)
	return said, err
}

// Act is for what another package changes of a ticket, with rows of its own, in
// one transaction and one event: fn changes the ticket and writes them, the
// clocks follow the ticket. A nil actor is nobody's act.
func (s *Service) Act(ctx context.Context, actor *access.Actor, id int64, kind string, data any, fn func(tx *gorm.DB, t *ticket.Ticket) error) (ticket.Ticket, error) {
	return s.act(ctx, actor, id, ticket.Cause{Kind: kind, Data: data, At: s.now()}, fn)
}

// Describe sets what a ticket is about, within an Act.
func Describe(ctx context.Context, tx *gorm.DB, actor access.Actor, t *ticket.Ticket, subject *string, kind *ticket.Kind, reason *int64) error {
	return Patch{Subject: subject, Kind: kind, ReasonID: reason}.apply(ctx, tx, actor, t)
}
