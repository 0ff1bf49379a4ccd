package call

import (
	"context"
	"strings"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/i18n"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// ending is a call with its ticket while its outcome is written.
type ending struct {
	actor access.Actor
	t     *ticket.Ticket
	r     *row
	c     Change
	told  *Told
}

// effects are what each outcome does to the ticket.
var effects = map[Outcome]func(*Service, context.Context, *gorm.DB, ending) error{
	Solved:        (*Service).solved,
	Forwarded:     (*Service).forwarded,
	ToCallBack:    (*Service).promised,
	Dropped:       (*Service).promised,
	Informational: (*Service).shut,
	WrongNumber:   (*Service).shut,
	Silent:        (*Service).shut,
}

// forwarded leaves the ticket as it is: it goes on without the caller.
func (s *Service) forwarded(context.Context, *gorm.DB, ending) error { return nil }

// promised makes the call that we owe now, and gives the ticket back to the
// queue, where it comes up for the same agent when it is time.
func (s *Service) promised(ctx context.Context, tx *gorm.DB, e ending) error {
	why, window := Promised, e.c.CallBack
	if e.r.Outcome == Dropped {
		why = LineDropped
	}
	if window == nil {
		if why == Promised {
			return ErrInvalid.Field("call_back", "required")
		}
		window = &Window{From: s.now(), To: s.now().Add(atOnce)}
	}
	if e.t.Status == ticket.Closed {
		return ticket.ErrClosed
	}
	owed := callBackRow{TicketID: e.t.ID, ContactID: &e.r.ContactID, AgentID: &e.actor.AccountID, Why: why, Phone: e.r.Phone}
	if err := s.owe(ctx, tx, owed, *window); err != nil {
		return err
	}
	e.t.HolderID, e.t.LeaseUntil = nil, nil
	return ticket.ShowOwed(ctx, tx, e.t)
}

// solved answers the customer with what was said, when that was written down,
// and settles the ticket. What we owed them of calls is done by that.
func (s *Service) solved(ctx context.Context, tx *gorm.DB, e ending) error {
	if err := endCallBacks(ctx, tx, e.t.ID, done, "", s.now()); err != nil {
		return err
	}
	if err := ticket.ShowOwed(ctx, tx, e.t); err != nil {
		return err
	}
	if strings.TrimSpace(e.c.Said) != "" {
		said, err := s.desk.Say(ctx, tx, e.actor, e.t, desk.Spoken{Said: e.c.Said, ContactID: e.r.ContactID, Resolve: true})
		e.told.MessageID = said.ID
		return err
	}
	if e.t.Status == ticket.Closed {
		return ticket.ErrClosed
	}
	if _, err := s.desk.KeepPromises(ctx, tx, e.actor, e.t, nil, s.now()); err != nil {
		return err
	}
	return e.t.Move(ticket.Resolved, s.now())
}

// shut closes a ticket that the call has opened and that is about no demand.
// One that the call only turned out to be about is left alone.
func (s *Service) shut(ctx context.Context, tx *gorm.DB, e ending) error {
	e.told.Reason = e.c.Reason
	if e.told.Reason == "" {
		e.told.Reason = i18n.Text(i18n.Default, "call.closed."+string(e.r.Outcome), nil)
	}
	if e.r.TicketID != e.r.OpenedID || e.t.Status == ticket.Closed {
		return nil
	}
	now := s.now()
	if e.t.Status.IsOpen() {
		if err := e.t.Move(ticket.Resolved, now); err != nil {
			return err
		}
	}
	for _, kind := range []sla.Kind{sla.Acknowledgement, sla.FirstResponse, sla.NextResponse, sla.Resolution, sla.Legal} {
		if err := sla.Stop(tx, e.t.ID, kind, now); err != nil {
			return err
		}
	}
	return e.t.Move(ticket.Closed, now)
}
