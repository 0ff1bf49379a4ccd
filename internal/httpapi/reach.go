package httpapi

import (
	"context"
	"slices"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/customer"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/reach"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// errWay is a way of contact that there is not.
var errWay = fault.New(fault.Invalid, "way_unknown")

type textInput struct {
	TicketRef
	Body struct {
		Body        string `json:"body" minLength:"1" maxLength:"600"`
		To          string `json:"to,omitempty" maxLength:"40" doc:"A mobile phone; without it, the one that is known"`
		Resolve     bool   `json:"resolve,omitempty" doc:"The answer settles the matter"`
		SeenVersion *int   `json:"seen_version,omitempty" minimum:"1"`
		Fence       *int64 `json:"fence,omitempty" minimum:"1"`
	}
}

// text handles POST /api/tickets/{ticket}/texts.
func (h paperRoutes) text(ctx context.Context, who access.Actor, in *textInput) (Replied, error) {
	t, err := ticket.See(ctx, h.db.Gorm, who, in.Ticket)
	if err != nil {
		return Replied{}, err
	}
	b := in.Body
	m, t, err := h.desk.Text(ctx, who, t.ID, desk.Texted{Body: b.Body, To: b.To, Resolve: b.Resolve, SeenVersion: b.SeenVersion, Fence: b.Fence})
	if err != nil {
		return Replied{}, err
	}
	return Replied{messageBody(m), rowBody(t.Snapshot())}, nil
}

// Way is one way by which a ticket's customer can be answered.
type Way struct {
	Way     string `json:"way" enum:"email,sms,letter"`
	Known   string `json:"known_masked" doc:"Where it would go, masked; empty when nobody knows, or for a letter"`
	Allowed bool   `json:"allowed"`
	Reason  string `json:"reason" doc:"Why not: no_address, preference, suppressed, bouncing, own_address, quiet or off"`
}

// ways handles GET /api/tickets/{ticket}/ways.
func (h paperRoutes) ways(ctx context.Context, who access.Actor, in *TicketRef) (Items[Way], error) {
	t, err := ticket.See(ctx, h.db.Gorm, who, in.Ticket)
	if err != nil {
		return Items[Way]{}, err
	}
	all, err := h.desk.Ways(ctx, t)
	return itemsOf(all, func(w desk.OpenWay) Way { return Way{string(w.Way), masked(w), w.Allowed, w.Reason} }), err
}

func masked(w desk.OpenWay) string {
	if w.Known == "" {
		return ""
	}
	kind := channel.IdentityEmail
	if w.Way == reach.SMS {
		kind = channel.IdentityPhone
	}
	return customer.Identity{Kind: kind, Value: w.Known}.Mask()
}

// Wish is whether a customer wants to be contacted by a way.
type Wish struct {
	Way     string     `json:"way" enum:"email,sms,letter,phone"`
	Allowed bool       `json:"allowed"`
	At      *time.Time `json:"at" doc:"Since when; null when the customer has said nothing"`
}

// wishes handles GET /api/customers/{id}/wishes.
func (h customerRoutes) wishes(ctx context.Context, who access.Actor, in *ByID) (Items[Wish], error) {
	c, err := h.get(ctx, who, in)
	if err != nil {
		return Items[Wish]{}, err
	}
	said, err := reach.Wishes(ctx, h.db.Gorm, c.ID)
	return itemsOf(reach.Wishable, func(way reach.Way) Wish {
		for _, w := range said {
			if w.Way == way {
				return Wish{string(way), w.Allowed, &w.At}
			}
		}
		return Wish{Way: string(way), Allowed: true}
	}), err
}

type wishInput struct {
	ByID
	Body struct {
		Way     string `json:"way" enum:"email,sms,letter,phone"`
		Allowed bool   `json:"allowed"`
	}
}

// want handles PUT /api/customers/{id}/wishes.
func (h customerRoutes) want(ctx context.Context, who access.Actor, in *wishInput) (Items[Wish], error) {
	c, err := h.get(ctx, who, &in.ByID)
	if err != nil {
		return Items[Wish]{}, err
	}
	way := reach.Way(in.Body.Way)
	if !slices.Contains(reach.Wishable, way) {
		return Items[Wish]{}, errWay
	}
	if err := reach.Want(ctx, h.db.Gorm, c.ID, reach.Wish{Way: way, Allowed: in.Body.Allowed, At: h.now()}); err != nil {
		return Items[Wish]{}, err
	}
	return h.wishes(ctx, who, &in.ByID)
}
