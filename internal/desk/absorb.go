package desk

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Merged is what the events of both tickets tell beside the row when one became
// part of the other.
type Merged struct {
	Ticket    int64         `json:"ticket"`   // the other one
	Protocol  string        `json:"protocol"` // the other one's
	Took      bool          `json:"took"`     // this one took the other in
	ContactID int64         `json:"contact_id,omitempty"`
	From      ticket.Status `json:"from"`
	To        ticket.Status `json:"to"`
}

// Absorb makes the ticket from, which holds nothing but what opened it, part of
// the ticket into: the contact that opened it was about that one. It is the
// customer's word there, so it is our turn; a resolved one is open again within
// its grace, and after that it is ErrClosed. Both must be visible to the actor
// and on the same side of the wall. also writes what goes with it.
func (s *Service) Absorb(ctx context.Context, actor access.Actor, from, into, contact int64, also func(tx *gorm.DB) error) (merged ticket.Ticket, err error) {
	now := s.now()
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		if err := lock(ctx, tx, []int64{from, into}); err != nil {
			return err
		}
		small, err := ticket.ByID(ctx, tx, from)
		if err != nil {
			return err
		}
		if !actor.MaySee(small.Audience()) {
			return ticket.ErrNotFound
		}
		told := Merged{Ticket: small.ID, Protocol: small.Protocol, Took: true, ContactID: contact}
		var moves []sla.Move
		c := ticket.Cause{Kind: event.TicketMerged, ActorID: &actor.AccountID, Data: &told, At: now, Deadlines: &moves}
		merged, err = ticket.Change(ctx, tx, into, c, func(t *ticket.Ticket) error {
			if !actor.MaySee(t.Audience()) {
				return ticket.ErrNotFound
			}
			told.From = t.Status
			if moves, err = s.takeIn(ctx, tx, actor, small, t, now); err != nil {
				return err
			}
			told.To = t.Status
			return nil
		})
		if err != nil {
			return err
		}
		c.Data = &Merged{Ticket: merged.ID, Protocol: merged.Protocol, ContactID: contact, From: small.Status, To: ticket.Closed}
		gone, err := sla.Cancel(tx, small.ID, now)
		if err != nil {
			return err
		}
		c.Deadlines = nil
		tellMoves(&c, gone)
		_, err = ticket.Change(ctx, tx, from, c, func(t *ticket.Ticket) error {
			t.Absorbed(now)
			return nil
		})
		if err != nil {
			return err
		}
		return also(tx)
	})
	if err != nil {
		return ticket.Ticket{}, err
	}
	s.poke.Poke()
	s.leases.Forget(ctx, from)
	s.leases.Forget(ctx, into)
	return merged, nil
}

// takeIn makes small part of t, and returns which deadlines of it moved. Whoever
// is on the phone has the matter in hand then, unless somebody else has.
func (s *Service) takeIn(ctx context.Context, tx *gorm.DB, actor access.Actor, small ticket.Ticket, t *ticket.Ticket, now time.Time) ([]sla.Move, error) {
	was := t.Status
	if _, err := t.Spoke(now); err != nil {
		return nil, err
	}
	if err := ticket.Absorb(ctx, tx, small, t); err != nil {
		return nil, err
	}
	at, err := s.txTime(ctx, tx)
	if err != nil {
		return nil, err
	}
	if _, held := t.HeldByAnother(actor.AccountID, at); !held && !others(t.AssigneeID, actor) {
		until := at.Add(ticket.LeaseTime)
		t.AssigneeID, t.HolderID, t.LeaseUntil = &actor.AccountID, &actor.AccountID, &until
		t.Fence++
		if err := t.Move(ticket.Open, now); err != nil {
			return nil, err
		}
	}
	c := ticket.Cause{ActorID: &actor.AccountID, At: now}
	err = s.keepTime(tx, was, t, &c)
	moves, _ := c.Deadlines.([]sla.Move)
	return moves, err
}
