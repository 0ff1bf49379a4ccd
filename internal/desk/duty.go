package desk

import (
	"context"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Carried is what the event of a duty tells beside the row.
type Carried struct {
	Duty ticket.Duty `json:"duty"`
	How  string      `json:"how,omitempty"`
}

// ConfirmDuty records that what a demand obliges to at once was carried out; how
// says where (a number of the billing system), and may be empty. A second
// confirmation changes nothing.
func (s *Service) ConfirmDuty(ctx context.Context, actor access.Actor, id int64, d ticket.Duty, how string) (ticket.Ticket, error) {
	how, err := checkReason(how)
	if err != nil {
		return ticket.Ticket{}, err
	}
	now := s.now()
	c := ticket.Cause{Kind: event.TicketDuty, Data: Carried{d, how}, At: now}
	return s.act(ctx, &actor, id, c, func(tx *gorm.DB, t *ticket.Ticket) error {
		return ticket.ConfirmDuty(ctx, tx, *t, d, actor.AccountID, how, now)
	})
}
