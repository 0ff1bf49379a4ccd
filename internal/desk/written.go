package desk

import (
	"context"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Written is an answer that goes out as a letter.
type Written struct {
	Body        string
	Address     []string // name and address, a line each
	Resolve     bool
	SeenVersion *int
	Fence       *int64
}

// Write answers by letter, as Reply does by mail: under the same conditions, with
// the same clocks stopped. The letter waits to be printed and posted; the
// customer's page shows the answer at once.
func (s *Service) Write(ctx context.Context, actor access.Actor, id int64, w Written) (ticket.Message, ticket.Ticket, error) {
	body, err := ticket.CheckBody("body", w.Body)
	if err != nil {
		return ticket.Message{}, ticket.Ticket{}, err
	}
	if w.Address, err = outbox.CheckAddress(w.Address); err != nil {
		return ticket.Message{}, ticket.Ticket{}, err
	}
	var sent ticket.Message
	var told Replied
	c := ticket.Cause{Kind: event.TicketReplied, Data: &told, At: s.now()}
	done, err := s.act(ctx, &actor, id, c, func(tx *gorm.DB, t *ticket.Ticket) error {
		told.From = t.Status
		if err := s.mayReply(ctx, tx, actor, t, Reply{SeenVersion: w.SeenVersion, Fence: w.Fence}); err != nil {
			return err
		}
		if err := t.Answered(w.Resolve, c.At); err != nil {
			return err
		}
		contact, err := ticket.InsertContact(ctx, tx, t, ticket.Out, c.At)
		if err != nil {
			return err
		}
		sent, err = ticket.InsertMessage(ctx, tx, t, ticket.Message{
			ContactID: &contact, Direction: ticket.Out, AuthorID: &actor.AccountID, AuthorName: actor.Name,
			Body: body, Delivery: ticket.Queued, Envelope: freeze(*t, ""), At: c.At,
		})
		if err != nil {
			return err
		}
		told.MessageID, told.To = sent.ID, t.Status
		for _, kind := range []sla.Kind{sla.FirstResponse, sla.NextResponse} {
			if err := sla.Stop(tx, t.ID, kind, c.At); err != nil {
				return err
			}
		}
		_, err = s.post.WriteReply(ctx, tx, *t, sent, w.Address)
		return err
	})
	return sent, done, err
}
