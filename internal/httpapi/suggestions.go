package httpapi

import (
	"context"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/mailroom"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Suggestion is another ticket that a ticket may belong together with.
type Suggestion struct {
	TicketID     int64  `json:"ticket_id"`
	Protocol     string `json:"protocol"`
	Subject      string `json:"subject"`
	CustomerName string `json:"customer_name"`
	Status       string `json:"status"`
	Reason       string `json:"reason" enum:"signed_id,known_mail,protocol" doc:"By what one's mail refers to the other, whose sender is not on it"`
}

type suggestionRoutes struct{ db *gorm.DB }

// list handles GET /api/tickets/{ticket}/suggestions.
func (h suggestionRoutes) list(ctx context.Context, who access.Actor, in *TicketRef) (Items[Suggestion], error) {
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil {
		return Items[Suggestion]{}, err
	}
	all, err := mailroom.Suggestions(ctx, h.db, who, t.ID)
	return itemsOf(all, func(s mailroom.Suggestion) Suggestion {
		return Suggestion{s.TicketID, s.Protocol, s.Subject, s.CustomerName, string(s.Status), s.Reason}
	}), err
}
