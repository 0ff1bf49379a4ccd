package desk

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// ErrOfficeExtends is an attempt of the ombudsman's office to extend a term that
// is not of a case of its own: it extends only those.
var ErrOfficeExtends = fault.New(fault.Forbidden, "extension_not_yours")

// Extension is more time for one deadline, as it is asked for.
type Extension struct {
	Reason  string // why, for whoever checks the month
	Message string // what the customer is told
	// SeenVersion and Fence are as in Reply.
	SeenVersion *int
	Fence       *int64
}

// Extend gives a deadline more time, where its regime lets it, and tells the
// customer so in the same transaction: a public message that is frozen, sent
// through the one gate, concludes nothing and cannot be taken back. Whose turn it
// is and who has the ticket stay as they are.
func (s *Service) Extend(ctx context.Context, actor access.Actor, id, clockID int64, x Extension) (ticket.Message, ticket.Ticket, error) {
	body, err := ticket.CheckBody("message", x.Message)
	if err != nil {
		return ticket.Message{}, ticket.Ticket{}, err
	}
	var sent ticket.Message
	told := Clocked{Did: "extended", Reason: x.Reason}
	done, err := s.clockAct(ctx, actor, id, &told, true, func(tx *gorm.DB, t *ticket.Ticket, at time.Time) ([]sla.Move, error) {
		if actor.Role == access.Ombudsman && !t.Walled {
			return nil, ErrOfficeExtends
		}
		if err := s.mayReply(ctx, tx, actor, t, Reply{ToAll: true, SeenVersion: x.SeenVersion, Fence: x.Fence}); err != nil {
			return nil, err
		}
		if err := t.Informed(at); err != nil {
			return nil, err
		}
		sent, err = s.send(ctx, tx, t, ticket.Message{Direction: ticket.Out, AuthorID: &actor.AccountID, AuthorName: actor.Name,
			Body: body, Delivery: ticket.Queued, At: at}, nil)
		if err != nil {
			return nil, err
		}
		told.Message = sent.ID
		clock, moves, err := sla.Extend(tx, s.calendars, t.ID, clockID,
			sla.Extending{Reason: told.Reason, AccountID: actor.AccountID, MessageID: sent.ID, Walled: t.Walled, Scope: actor.Scope()}, at)
		told.of(clock)
		return moves, err
	})
	return sent, done, err
}
