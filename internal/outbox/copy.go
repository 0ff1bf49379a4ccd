package outbox

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/reach"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Copy orders the mail that brings a customer what they asked to have, to the
// address they named. ok is false when no mail can be sent from here.
func (p *Post) Copy(ctx context.Context, tx *gorm.DB, t ticket.Ticket, to, key, text string, files []File, at time.Time) (o Out, ok bool, err error) {
	plan, ok, err := p.Plan(ctx, tx, t, to)
	if err != nil || !ok {
		return Out{}, false, err
	}
	mail, err := p.letter(ctx, tx, t, plan, at)
	if err != nil {
		return Out{}, false, err
	}
	// Not in the ticket's thread: whoever it goes to may be somebody the customer names.
	mail.InReplyTo, mail.References, mail.Link = "", nil, ""
	mail.MessageID = p.IDs.MessageID(t.ID, 0, domainOf(mail.From))
	mail.Text, mail.Files = text, files
	o, err = Insert(ctx, tx, p.out(t, reach.History, key, mail, plan))
	return o, true, err
}

// Tell orders the mail that tells a caller the protocol of their call.
func (p *Post) Tell(ctx context.Context, tx *gorm.DB, t ticket.Ticket, to, key, text string, at time.Time) (o Out, ok bool, err error) {
	plan, ok, err := p.Plan(ctx, tx, t, to)
	if err != nil || !ok {
		return Out{}, false, err
	}
	mail, err := p.letter(ctx, tx, t, plan, at)
	if err != nil {
		return Out{}, false, err
	}
	mail.MessageID = p.IDs.MessageID(t.ID, 0, domainOf(mail.From))
	mail.Text, mail.Automatic = text, true
	o, err = Insert(ctx, tx, p.out(t, reach.Protocol, key, mail, plan))
	return o, true, err
}
