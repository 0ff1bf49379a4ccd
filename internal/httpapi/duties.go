package httpapi

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/ticket"
)

type dutyRoutes struct {
	db   *gorm.DB
	desk *desk.Service
}

// Duty is what a demand obliges to at once.
type Duty struct {
	Duty        string     `json:"duty" enum:"cancellation,undue_charge"`
	EffectiveAt time.Time  `json:"effective_at" doc:"Since when it counts: the request"`
	ConfirmedAt *time.Time `json:"confirmed_at" doc:"When it was recorded as carried out"`
	ConfirmedBy *int64     `json:"confirmed_by"`
	How         string     `json:"how"`
}

func dutyBody(o ticket.Obligation) Duty {
	return Duty{string(o.Duty), o.EffectiveAt, o.ConfirmedAt, o.ConfirmedBy, o.How}
}

// list handles GET /api/tickets/{ticket}/duties.
func (h dutyRoutes) list(ctx context.Context, who access.Actor, in *TicketRef) (Items[Duty], error) {
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil {
		return Items[Duty]{}, err
	}
	all, err := ticket.Duties(ctx, h.db, t.ID)
	return itemsOf(all, dutyBody), err
}

type confirmDuty struct {
	TicketRef
	Duty string `path:"duty"`
	Body *struct {
		How string `json:"how,omitempty" maxLength:"500" doc:"Where it was carried out"`
	}
}

// confirm handles POST /api/tickets/{ticket}/duties/{duty}.
func (h dutyRoutes) confirm(ctx context.Context, who access.Actor, in *confirmDuty) (Items[Duty], error) {
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil {
		return Items[Duty]{}, err
	}
	how := ""
	if in.Body != nil {
		how = in.Body.How
	}
	if t, err = h.desk.ConfirmDuty(ctx, who, t.ID, ticket.Duty(in.Duty), how); err != nil {
		return Items[Duty]{}, err
	}
	all, err := ticket.Duties(ctx, h.db, t.ID)
	return itemsOf(all, dutyBody), err
}
