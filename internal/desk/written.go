package desk

import (
	"context"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/reach"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/sms"
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

// Texted is an answer that goes out as a text message.
type Texted struct {
	Body        string
	To          string // a mobile phone as it was typed; empty is the one that is known
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
	r := Reply{Body: body, Resolve: w.Resolve, SeenVersion: w.SeenVersion, Fence: w.Fence}
	return s.answerBy(ctx, actor, id, reach.Letter, r, func(tx *gorm.DB, t ticket.Ticket, m ticket.Message) (outbox.Out, error) {
		return s.post.WriteReply(ctx, tx, t, m, w.Address)
	})
}

// Text answers by SMS, under the conditions of Write. There is no undo window: a
// text message is short, and its author has seen it before sending.
func (s *Service) Text(ctx context.Context, actor access.Actor, id int64, x Texted) (ticket.Message, ticket.Ticket, error) {
	body, err := checkText(x.Body)
	if err == nil && x.To != "" {
		x.To, err = checkMobile(x.To)
	}
	if err == nil && !s.post.Texts {
		err = sms.ErrOff
	}
	if err != nil {
		return ticket.Message{}, ticket.Ticket{}, err
	}
	r := Reply{Body: body, Resolve: x.Resolve, SeenVersion: x.SeenVersion, Fence: x.Fence}
	return s.answerBy(ctx, actor, id, reach.SMS, r, func(tx *gorm.DB, t ticket.Ticket, m ticket.Message) (outbox.Out, error) {
		to := x.To
		if to == "" {
			if to, err = mobileOf(ctx, tx, t); err != nil {
				return outbox.Out{}, err
			}
		}
		return s.post.TextReply(ctx, tx, t, m, to)
	})
}

// answerBy answers by a way that its author has chosen: order puts it into the
// outbox. What the gate refuses is no answer at all.
func (s *Service) answerBy(ctx context.Context, actor access.Actor, id int64, way reach.Way, r Reply,
	order func(tx *gorm.DB, t ticket.Ticket, m ticket.Message) (outbox.Out, error)) (ticket.Message, ticket.Ticket, error) {
	var sent ticket.Message
	var told Replied
	c := ticket.Cause{Kind: event.TicketReplied, Data: &told, At: s.now()}
	done, err := s.act(ctx, &actor, id, c, func(tx *gorm.DB, t *ticket.Ticket) error {
		told.From = t.Status
		if r.Resolve && t.Walled {
			return ErrCase
		}
		if err := s.mayReply(ctx, tx, actor, t, r); err != nil {
			return err
		}
		if err := t.Answered(r.Resolve, c.At); err != nil {
			return err
		}
		contact, err := ticket.InsertContact(ctx, tx, t, ticket.Out, c.At)
		if err != nil {
			return err
		}
		sent, err = ticket.InsertMessage(ctx, tx, t, ticket.Message{
			ContactID: &contact, Direction: ticket.Out, AuthorID: &actor.AccountID, AuthorName: actor.Name,
			Body: r.Body, Delivery: ticket.Queued, Envelope: freezeAs(string(way), *t, ""), At: c.At,
		})
		if err != nil {
			return err
		}
		told.MessageID, told.To = sent.ID, t.Status
		for _, kind := range []sla.Kind{sla.Acknowledgement, sla.FirstResponse, sla.NextResponse} {
			if err := sla.Stop(tx, t.ID, kind, c.At); err != nil {
				return err
			}
		}
		if told.PromisesTold, err = s.spoke(ctx, tx, actor, t, sent, nil); err != nil {
			return err
		}
		o, err := order(tx, *t, sent)
		if err == nil && o.State == outbox.Suppressed {
			err = closed(o.Reason)
		}
		return err
	})
	return sent, done, err
}
