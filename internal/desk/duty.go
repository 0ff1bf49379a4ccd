package desk

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Carried is what the event of a duty tells beside the row.
type Carried struct {
	Duty ticket.Duty `json:"duty"`
	How  string      `json:"how,omitempty"`
}

// ConfirmDuty records that what a demand obliges to at once was carried out; how
// says where (a number of the billing system), and may be empty. Its customer is
// told by the channel they came by, and finds it on their page. A second
// confirmation changes nothing.
func (s *Service) ConfirmDuty(ctx context.Context, actor access.Actor, id int64, d ticket.Duty, how string) (ticket.Ticket, error) {
	how, err := checkReason(how)
	if err != nil {
		return ticket.Ticket{}, err
	}
	now := s.now()
	c := ticket.Cause{Kind: event.TicketDuty, Data: Carried{d, how}, At: now}
	return s.act(ctx, &actor, id, c, func(tx *gorm.DB, t *ticket.Ticket) error {
		if err := ticket.ConfirmDuty(ctx, tx, *t, d, actor.AccountID, how, now); err != nil {
			return err
		}
		if err := sla.EndDuty(tx.WithContext(ctx), id, string(d), now); err != nil {
			return err
		}
		return s.tellCarried(ctx, tx, *t, d, now)
	})
}

// oweDuties writes down the duties that a ticket's kind and reason bring now, and
// starts their clocks.
func (s *Service) oweDuties(ctx context.Context, tx *gorm.DB, t ticket.Ticket, at time.Time) error {
	if err := ticket.OweDuties(ctx, tx, t, at); err != nil {
		return err
	}
	if !t.Status.IsOpen() {
		return nil
	}
	d, err := s.demand(tx, t)
	if err != nil {
		return err
	}
	return s.policies.BeginDuties(tx.WithContext(ctx), t.ID, d, at)
}

// tellCarried orders what tells a customer that it was done: by SMS who called,
// when that can be, by mail everybody else.
func (s *Service) tellCarried(ctx context.Context, tx *gorm.DB, t ticket.Ticket, d ticket.Duty, now time.Time) error {
	all, err := ticket.Duties(ctx, tx, t.ID)
	if err != nil {
		return err
	}
	told := outbox.Confirmation{Duty: d, DoneAt: now}
	for _, o := range all {
		if o.Duty == d {
			told.EffectiveAt = o.EffectiveAt
		}
	}
	if told.Phone, err = mobileOf(ctx, tx, t); err != nil {
		return err
	}
	if t.Channel != string(channel.Phone) || told.Phone == "" || !s.post.Texts {
		if told.Email, err = addressOf(ctx, tx, t); err != nil {
			return err
		}
	}
	_, _, err = s.post.Confirm(ctx, tx, t, told)
	return err
}
