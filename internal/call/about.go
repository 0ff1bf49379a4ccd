package call

import (
	"context"
	"errors"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// About makes the call one about an older ticket, named by its id or a protocol:
// the protocol that was read aloud leads there, and the ticket that was opened
// with the call is part of it. When that one's time is over, the new ticket
// stays, as its continuation.
func (s *Service) About(ctx context.Context, actor access.Actor, contact int64, version int, ref string) (Opened, error) {
	c, t, err := s.see(ctx, s.db.Gorm, actor, contact)
	if err != nil {
		return Opened{}, err
	}
	if err := c.mine(actor); err != nil {
		return Opened{}, err
	}
	older, err := ticket.See(ctx, s.db.Gorm, actor, ref)
	switch {
	case errors.Is(err, ticket.ErrNotFound):
		return Opened{}, ErrInvalid.Field("about", "unknown_ticket")
	case err != nil:
		return Opened{}, err
	case older.ID == c.TicketID:
		return Opened{c, t}, nil
	case c.Absorbed():
		return Opened{}, ErrEnded
	}
	var r row
	moved := func(tx *gorm.DB) (err error) {
		if r, err = hold(ctx, tx, contact, version); err != nil {
			return err
		}
		r.TicketID = older.ID
		if err := tx.WithContext(ctx).Exec("UPDATE call_backs SET ticket_id = ? WHERE ticket_id = ?", older.ID, c.TicketID).Error; err != nil {
			return err
		}
		return save(ctx, tx, &r, s.now())
	}
	t, err = s.desk.Absorb(ctx, actor, c.TicketID, older.ID, contact, moved)
	if errors.Is(err, ticket.ErrClosed) {
		return s.continues(ctx, actor, c, version, older)
	}
	if err != nil {
		return Opened{}, err
	}
	return Opened{r.call(), t}, nil
}

// continues links the call's own ticket to an older one that is closed for good.
func (s *Service) continues(ctx context.Context, actor access.Actor, c Call, version int, older ticket.Ticket) (Opened, error) {
	told := Told{ContactID: c.ContactID, Fields: map[string]any{"linked_from": desk.FromTo{To: older.Protocol}}}
	var r row
	t, err := s.desk.Act(ctx, &actor, c.TicketID, event.TicketCall, &told, func(tx *gorm.DB, t *ticket.Ticket) (err error) {
		if t.Walled != older.Walled {
			return ticket.ErrAcrossWall
		}
		if r, err = hold(ctx, tx, c.ContactID, version); err != nil {
			return err
		}
		if err := ticket.Follow(ctx, tx, t, older.ID); err != nil {
			return err
		}
		return save(ctx, tx, &r, s.now())
	})
	return Opened{r.call(), t}, err
}

// Answer stores what was answered on the phone, to the ticket that the call is
// about or to another of the same customer; nil is the call's own.
func (s *Service) Answer(ctx context.Context, actor access.Actor, contact int64, said, ref string, resolve bool) (ticket.Message, ticket.Ticket, error) {
	c, t, err := s.see(ctx, s.db.Gorm, actor, contact)
	if err != nil {
		return ticket.Message{}, ticket.Ticket{}, err
	}
	if err := c.mine(actor); err != nil {
		return ticket.Message{}, ticket.Ticket{}, err
	}
	if ref != "" {
		if t, err = ticket.See(ctx, s.db.Gorm, actor, ref); err != nil {
			return ticket.Message{}, ticket.Ticket{}, err
		}
	}
	if t.ID != c.TicketID {
		about, err := s.Tickets(ctx, actor, c)
		if err != nil {
			return ticket.Message{}, ticket.Ticket{}, err
		}
		known := false
		for _, a := range about {
			known = known || a.ID == t.ID
		}
		if !known {
			return ticket.Message{}, ticket.Ticket{}, ErrInvalid.Field("ticket", "not_of_the_call")
		}
	}
	return s.desk.Speak(ctx, actor, t.ID, desk.Spoken{Said: said, ContactID: contact, Resolve: resolve})
}
