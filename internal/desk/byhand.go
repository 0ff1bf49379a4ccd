package desk

import (
	"context"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// BeginClock starts a clock by hand on a ticket that is open: on paper that came
// from a Procon, or a request of the law. A zero start is now.
func (s *Service) BeginClock(ctx context.Context, actor access.Actor, id int64, h sla.ByHand) (sla.Clock, error) {
	why, err := checkReason(h.Reason)
	if err == nil && why == "" {
		err = ticket.Wrong("reason", "required")
	}
	if err != nil {
		return sla.Clock{}, err
	}
	h.Reason, h.Account = why, actor.AccountID
	told := Clocked{Did: "started", Reason: why}
	var moves []sla.Move
	c := ticket.Cause{Kind: event.TicketClock, Data: &told, At: s.now(), Deadlines: &moves}
	if h.Start.IsZero() {
		h.Start = c.At
	}
	var begun sla.Clock
	_, err = s.act(ctx, &actor, id, c, func(tx *gorm.DB, t *ticket.Ticket) error {
		if !t.Status.IsOpen() {
			return ticket.ErrClosed
		}
		d, err := s.demand(tx, *t)
		if err == nil {
			begun, err = s.policies.Begin(tx, id, d, h, c.At)
		}
		told.of(begun)
		moves = []sla.Move{{Clock: string(begun.Kind), Policy: begun.Policy, To: &begun.Due, Why: sla.ByHandBegun}}
		return err
	})
	return begun, err
}

// StopClock ends a clock that somebody started by hand; how says by what it was
// met. Its ticket may be closed: what a paper asks for may come later.
func (s *Service) StopClock(ctx context.Context, actor access.Actor, id, clockID int64, how string) (sla.Clock, error) {
	how, err := checkReason(how)
	if err == nil && how == "" {
		err = ticket.Wrong("reason", "required")
	}
	if err != nil {
		return sla.Clock{}, err
	}
	told := Clocked{Did: "stopped", Reason: how}
	c := ticket.Cause{Kind: event.TicketClock, Data: &told, At: s.now()}
	var ended sla.Clock
	_, err = s.act(ctx, &actor, id, c, func(tx *gorm.DB, t *ticket.Ticket) error {
		if ended, err = sla.Finish(tx, id, clockID, actor.AccountID, how, c.At); err != nil {
			return err
		}
		told.of(ended)
		return nil
	})
	return ended, err
}

// Offers are the policies whose clocks a person may start on a ticket.
func (s *Service) Offers(ctx context.Context, t ticket.Ticket) ([]sla.Offer, error) {
	if !t.Status.IsOpen() {
		return []sla.Offer{}, nil
	}
	d, err := s.demand(s.db.Gorm.WithContext(ctx), t)
	if err != nil {
		return nil, err
	}
	return s.policies.Offers(ctx, s.db.Gorm, d, s.now())
}
