package httpapi

import (
	"context"
	"net/http"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/assign"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// claims is what these handlers need from package assign, and no more.
type claims interface {
	Claim(ctx context.Context, actor access.Actor, id int64, takeOver *assign.TakeOver) (ticket.Ticket, assign.Lease, error)
	Release(ctx context.Context, actor access.Actor, id int64) (ticket.Ticket, error)
	Renew(ctx context.Context, actor access.Actor, id, fence int64) (assign.Lease, error)
	Skip(ctx context.Context, actor access.Actor, id int64, k assign.Skip) (ticket.Ticket, error)
	Next(ctx context.Context, actor access.Actor) (ticket.Ticket, assign.Lease, bool, error)
}

type claimRoutes struct {
	db     *gorm.DB
	claims claims
}

type claimInput struct {
	TicketRef
	Body *struct {
		TakeOver bool   `json:"take_over,omitempty" doc:"Take it out of somebody's hands; needs a reason"`
		Reason   string `json:"reason,omitempty" maxLength:"500"`
	}
}

// Claimed answers a claim: the ticket and the right to answer it.
type Claimed struct {
	Ticket TicketRow `json:"ticket"`
	Lease  Lease     `json:"lease"`
}

func claimedBody(t ticket.Ticket, l assign.Lease) Claimed {
	return Claimed{rowBody(t.Snapshot()), Lease(l)}
}

// claim handles POST /api/tickets/{ticket}/claim.
func (h claimRoutes) claim(ctx context.Context, who access.Actor, in *claimInput) (Claimed, error) {
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil {
		return Claimed{}, err
	}
	var takeOver *assign.TakeOver
	if in.Body != nil && in.Body.TakeOver {
		takeOver = &assign.TakeOver{Reason: in.Body.Reason}
	}
	t, lease, err := h.claims.Claim(ctx, who, t.ID, takeOver)
	if err != nil {
		return Claimed{}, err
	}
	return claimedBody(t, lease), nil
}

// release handles POST /api/tickets/{ticket}/release.
func (h claimRoutes) release(ctx context.Context, who access.Actor, in *TicketRef) (Changed, error) {
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil {
		return Changed{}, err
	}
	if t, err = h.claims.Release(ctx, who, t.ID); err != nil {
		return Changed{}, err
	}
	return changedBody(who, t), nil
}

type leaseInput struct {
	TicketRef
	Body struct {
		Fence int64 `json:"fence" minimum:"1"`
	}
}

// Renewed answers a renewal.
type Renewed struct {
	Lease Lease `json:"lease"`
}

// renew handles POST /api/tickets/{ticket}/lease, sent while somebody types.
func (h claimRoutes) renew(ctx context.Context, who access.Actor, in *leaseInput) (Renewed, error) {
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil {
		return Renewed{}, err
	}
	lease, err := h.claims.Renew(ctx, who, t.ID, in.Body.Fence)
	return Renewed{Lease(lease)}, err
}

// served is a ticket, or nothing to do.
type served struct {
	Status int
	Body   *Claimed
}

type nextInput struct {
	Body *struct {
		Skip *struct {
			Ticket string `json:"ticket" minLength:"1" maxLength:"20" doc:"Id or protocol of the one that was served last"`
			Reason string `json:"reason" enum:"knowledge,language,personal,breather,other"`
			Word   string `json:"word,omitempty" maxLength:"300" doc:"Needed for other"`
		} `json:"skip,omitempty" doc:"Give a ticket back first. Bounded; the asker is not served it again for a while"`
	}
}

// next handles POST /api/queue/next.
func (h claimRoutes) next(ctx context.Context, who access.Actor, in *nextInput) (*served, error) {
	if in.Body != nil && in.Body.Skip != nil {
		skip := in.Body.Skip
		t, err := ticket.See(ctx, h.db, who, skip.Ticket)
		if err == nil {
			_, err = h.claims.Skip(ctx, who, t.ID, assign.Skip{Reason: skip.Reason, Word: skip.Word})
		}
		if err != nil {
			return nil, err
		}
	}
	t, lease, found, err := h.claims.Next(ctx, who)
	if err != nil || !found {
		return &served{Status: http.StatusNoContent}, err
	}
	body := claimedBody(t, lease)
	return &served{http.StatusOK, &body}, nil
}
