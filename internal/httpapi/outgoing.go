package httpapi

import (
	"context"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/postgres"
)

type outgoingRoutes struct {
	*Server
	db *postgres.DB
}

// OutPage is one page of what goes out, newest first.
type OutPage struct {
	Items []OutItem `json:"items"`
	Next  *string   `json:"next"`
	Held  *Held     `json:"held" doc:"Nothing goes out until a person releases it; null when it does"`
}

// Held says since when and why nothing goes out.
type Held struct {
	At  time.Time `json:"at"`
	Why string    `json:"why"`
}

// OutItem is one thing on its way to a customer, or what became of it.
type OutItem struct {
	ID        int64      `json:"id"`
	Way       string     `json:"way" enum:"email,sms,letter"`
	Purpose   string     `json:"purpose" enum:"reply,acknowledgement,confirmation,history,protocol,survey,request,area"`
	TicketID  *int64     `json:"ticket_id"`
	Protocol  string     `json:"protocol"`
	Recipient string     `json:"recipient"`
	State     string     `json:"state" enum:"queued,sending,sent,delivered,failed,bounced,suppressed,undone"`
	Reason    string     `json:"reason" doc:"Code of why it waits, failed or was refused"`
	Detail    string     `json:"detail" doc:"What the other server said"`
	Attempts  int        `json:"attempts"`
	NextTry   *time.Time `json:"next_try" doc:"Null when it is not tried again"`
	CreatedAt time.Time  `json:"created_at"`
	SettledAt *time.Time `json:"settled_at"`
}

type outInput struct {
	State  string `query:"state" enum:"queued,sending,sent,delivered,failed,bounced,suppressed,undone"`
	Cursor string `query:"cursor" maxLength:"40"`
	Limit  int    `query:"limit" minimum:"1" default:"50" doc:"More than 200 is 200"`
}

// list handles GET /api/outbox.
func (h outgoingRoutes) list(ctx context.Context, who access.Actor, in *outInput) (OutPage, error) {
	items, next, err := outbox.List(ctx, h.db.Gorm, who.Scope(), outbox.State(in.State), in.Cursor, in.Limit)
	if err != nil {
		return OutPage{}, err
	}
	page := OutPage{Items: itemsOf(items, outBody).Items, Next: orNull(next)}
	at, why, err := outbox.HeldSince(ctx, h.db.Gorm)
	if at != nil {
		page.Held = &Held{*at, why}
	}
	return page, err
}

func outBody(o outbox.Listed) OutItem {
	item := OutItem{
		ID: o.ID, Way: string(o.Way), Purpose: string(o.Purpose), TicketID: o.TicketID, Protocol: o.Protocol, Recipient: o.Recipient,
		State: string(o.State), Reason: o.Reason, Detail: o.Detail, Attempts: o.Attempts, CreatedAt: o.CreatedAt, SettledAt: o.SettledAt,
	}
	if o.State == outbox.Queued {
		item.NextTry = &o.NextTry
	}
	return item
}

// retry handles POST /api/outbox/{id}/retry.
func (h outgoingRoutes) retry(ctx context.Context, who access.Actor, in *ByID) error {
	id, err := pathID(in.ID, outbox.ErrNotFound)
	if err != nil {
		return err
	}
	return outbox.Again(ctx, h.db, who.Scope(), id)
}

// cancel handles POST /api/outbox/{id}/cancel.
func (h outgoingRoutes) cancel(ctx context.Context, who access.Actor, in *ByID) error {
	id, err := pathID(in.ID, outbox.ErrNotFound)
	if err != nil {
		return err
	}
	return outbox.Cancel(ctx, h.db, who.Scope(), id)
}

// Outgoing says whether things go out, and how many wait.
type Outgoing struct {
	Held    *Held     `json:"held" doc:"Nothing goes out until a person releases it; null when it does"`
	Waiting []Pending `json:"waiting" doc:"While it is held: what would go, as far as the reader sees it"`
}

// Pending is how much waits to go out by one way.
type Pending struct {
	Way    string    `json:"way" enum:"email,sms,letter"`
	N      int64     `json:"n"`
	Oldest time.Time `json:"oldest" doc:"When the first of it was ordered"`
}

// state handles GET /api/outgoing.
func (h outgoingRoutes) state(ctx context.Context, who access.Actor, _ *none) (Outgoing, error) {
	out := Outgoing{Waiting: []Pending{}}
	at, why, err := outbox.HeldSince(ctx, h.db.Gorm)
	if err != nil || at == nil {
		return out, err
	}
	out.Held = &Held{*at, why}
	all, err := outbox.Pending(ctx, h.db.Gorm, who.Scope())
	out.Waiting = itemsOf(all, func(c outbox.Count) Pending { return Pending{string(c.Way), c.N, c.Oldest} }).Items
	return out, err
}

// release handles POST /api/outgoing/release.
func (h outgoingRoutes) release(ctx context.Context, who access.Actor, _ *none) error {
	if err := outbox.Release(ctx, h.db.Gorm); err != nil {
		return err
	}
	h.options.Log.WarnContext(ctx, "sending was released", "account", who.AccountID)
	return nil
}
