package desk

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/jobs"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

const (
	// maxReason bounds why something was done, in runes.
	maxReason = 500
	// closing is how often the tickets whose grace is over are looked for.
	closing = time.Minute
	// closeAtOnce bounds how many are closed in one transaction.
	closeAtOnce = 200
)

// Moved is what the event of a status tells beside the row.
type Moved struct {
	From   ticket.Status `json:"from"`
	To     ticket.Status `json:"to"`
	Reason string        `json:"reason,omitempty"`
}

// Resolve settles a ticket without an answer to the customer; reason says how,
// and may be empty.
func (s *Service) Resolve(ctx context.Context, actor access.Actor, id int64, reason string) (ticket.Ticket, error) {
	reason, err := checkReason(reason)
	if err != nil {
		return ticket.Ticket{}, err
	}
	return s.move(ctx, actor, id, event.TicketStatus, Moved{To: ticket.Resolved, Reason: reason})
}

// Reopen takes up a resolved ticket again within its grace, for a reason.
// Afterwards it is ErrClosed: what comes then is a ticket of its own, linked.
func (s *Service) Reopen(ctx context.Context, actor access.Actor, id int64, reason string) (ticket.Ticket, error) {
	reason, err := checkReason(reason)
	if err != nil {
		return ticket.Ticket{}, err
	}
	if reason == "" {
		return ticket.Ticket{}, ticket.Wrong("reason", "required")
	}
	return s.move(ctx, actor, id, event.TicketReopened, Moved{To: ticket.Open, Reason: reason})
}

func (s *Service) move(ctx context.Context, actor access.Actor, id int64, kind string, told Moved) (ticket.Ticket, error) {
	c := ticket.Cause{Kind: kind, Data: &told, At: s.now()}
	return s.act(ctx, &actor, id, c, func(_ *gorm.DB, t *ticket.Ticket) error {
		told.From = t.Status
		switch {
		case t.Status == told.To, kind == event.TicketReopened && t.Status.IsOpen():
			return ticket.ErrUnchanged
		case t.Status == ticket.Closed, kind == event.TicketReopened && !t.Reopenable(c.At):
			return ticket.ErrClosed
		case t.Walled && told.To == ticket.Resolved:
			return ErrCase
		}
		return t.Move(told.To, c.At)
	})
}

// Archive ends a ticket without a conclusive answer, as when what was asked of
// its customer did not come: its clocks are cancelled, neither met nor missed.
// within runs in the transaction, and may find with ticket.ErrUnchanged that
// there is nothing to end any more.
func (s *Service) Archive(ctx context.Context, id int64, reason string, within func(tx *gorm.DB, t ticket.Ticket) error) (ticket.Ticket, error) {
	told := Moved{To: ticket.Resolved, Reason: reason}
	var moves []sla.Move
	c := ticket.Cause{Kind: event.TicketStatus, Data: &told, At: s.now(), Deadlines: &moves}
	return s.act(ctx, nil, id, c, func(tx *gorm.DB, t *ticket.Ticket) (err error) {
		told.From = t.Status
		if err := within(tx, *t); err != nil {
			return err
		}
		if moves, err = sla.Cancel(tx, id, c.At); err != nil {
			return err
		}
		return t.Move(ticket.Resolved, c.At)
	})
}

// Change is an act of a part above the desk on a ticket that the actor sees (a
// nil one is time's): fn changes the ticket and writes what belongs to it, in
// the transaction of the one event that c tells.
func (s *Service) Change(ctx context.Context, actor *access.Actor, id int64, c ticket.Cause, fn func(tx *gorm.DB, t *ticket.Ticket) error) (ticket.Ticket, error) {
	return s.act(ctx, actor, id, c, fn)
}

func checkReason(reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	switch {
	case !utf8.ValidString(reason) || strings.ContainsRune(reason, 0):
		return "", ticket.Wrong("reason", "not_text")
	case utf8.RuneCountInString(reason) > maxReason:
		return "", ticket.Wrong("reason", "too_long", maxReason)
	}
	return reason, nil
}

// Run closes what has been resolved for longer than the grace, until ctx ends.
// Nodes that look at once find nothing left to do. A failure is logged and tried
// again at the next turn.
func (s *Service) Run(ctx context.Context) error {
	return jobs.Sweep(ctx, closing, func(ctx context.Context) bool {
		closed, err := s.CloseDue(ctx)
		if err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "tickets are closed later", "error", err)
		}
		return err == nil && closed == closeAtOnce
	})
}

// CloseDue closes some of the tickets whose grace is over, and says how many.
func (s *Service) CloseDue(ctx context.Context) (closed int, err error) {
	now := s.now()
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		closed = 0
		var ids []int64
		err := tx.WithContext(ctx).Raw("SELECT id FROM tickets WHERE status = 'resolved' AND resolved_at <= ? ORDER BY resolved_at LIMIT ?",
			now.Add(-ticket.Grace), closeAtOnce).Scan(&ids).Error
		if err != nil {
			return fmt.Errorf("look for tickets to close: %w", err)
		}
		_, err = ticket.ChangeAll(ctx, tx, ids, func(t *ticket.Ticket) (ticket.Cause, error) {
			c := ticket.Cause{Kind: event.TicketStatus, Data: Moved{From: t.Status, To: ticket.Closed}, At: now}
			if t.Status != ticket.Resolved || t.Reopenable(now) {
				return c, ticket.ErrUnchanged // reopened, and perhaps resolved again, meanwhile
			}
			closed++
			return c, t.Move(ticket.Closed, now)
		})
		return err
	})
	if err != nil {
		return 0, err
	}
	if closed > 0 {
		s.poke.Poke()
	}
	return closed, nil
}
