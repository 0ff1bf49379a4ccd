package httpapi

import (
	"context"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/customer"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// HandClocks is what somebody may start by hand on a ticket, and what was.
type HandClocks struct {
	Offers  []ClockOffer  `json:"offers"`
	Started []HandStarted `json:"started"`
}

// ClockOffer is a policy whose clock a person may start.
type ClockOffer struct {
	PolicyID  int64     `json:"policy_id"`
	Policy    string    `json:"policy"`
	Regime    string    `json:"regime"`
	Clock     string    `json:"clock"`
	Amount    int       `json:"amount"`
	Unit      string    `json:"unit" enum:"calendar_days,business_days,business_hours,minutes"`
	LegalRef  string    `json:"legal_ref"`
	Evidence  string    `json:"evidence" enum:"own,read,secondary,unconfirmed"`
	Note      string    `json:"note"`
	CheckedBy string    `json:"checked_by"`
	CheckedOn string    `json:"checked_on"`
	Due       time.Time `json:"due" doc:"When it would run out if it were started now"`
}

// HandStarted is who started a clock and why, and how it was met.
type HandStarted struct {
	ClockID   int64      `json:"clock_id"`
	AccountID int64      `json:"account_id"`
	Reason    string     `json:"reason"`
	GivenDue  *time.Time `json:"given_due" doc:"The day that a paper names; null when it was computed"`
	StoppedBy *int64     `json:"stopped_by"`
	How       string     `json:"how"`
	At        time.Time  `json:"at"`
}

// offers handles GET /api/tickets/{ticket}/clocks/by-hand.
func (h ruleRoutes) offers(ctx context.Context, who access.Actor, in *TicketRef) (HandClocks, error) {
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil {
		return HandClocks{}, err
	}
	offers, err := h.desk.Offers(ctx, t)
	if err != nil {
		return HandClocks{}, err
	}
	started, err := sla.StartedByHand(ctx, h.db, t.ID)
	return HandClocks{itemsOf(offers, offerBody).Items, itemsOf(started, func(s sla.Started) HandStarted { return HandStarted(s) }).Items}, err
}

func offerBody(o sla.Offer) ClockOffer {
	return ClockOffer{o.ID, o.Name, o.RegimeName, string(o.Clock), o.Term.Amount, string(o.Term.Unit), o.LegalRef,
		string(o.Evidence), o.Note, o.CheckedBy, dateText(o.CheckedOn), o.Due}
}

type beginClock struct {
	TicketRef
	Body struct {
		PolicyID int64     `json:"policy_id" minimum:"1"`
		Start    time.Time `json:"start" required:"false" doc:"When what it counts from happened; now when left out"`
		Due      string    `json:"due" required:"false" maxLength:"10" doc:"The last day, when a paper names it"`
		Reason   string    `json:"reason" minLength:"1" maxLength:"500"`
	}
}

// begin handles POST /api/tickets/{ticket}/clocks.
func (h ruleRoutes) begin(ctx context.Context, who access.Actor, in *beginClock) (Clock, error) {
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil {
		return Clock{}, err
	}
	b := in.Body
	due, err := day(b.Due, "body.due")
	if y := b.Start.Year(); !b.Start.IsZero() && (y < 1990 || y > 2100) {
		err = errInvalid.Field("body.start", "bad_time")
	}
	if err != nil {
		return Clock{}, err
	}
	c, err := h.desk.BeginClock(ctx, who, t.ID, sla.ByHand{PolicyID: b.PolicyID, Start: b.Start, Due: due, Reason: b.Reason})
	return clockBody(c, requestOf(ctx).lang), err
}

type stopClock struct {
	TicketRef
	Clock string `path:"clock"`
	Body  struct {
		How string `json:"how" minLength:"1" maxLength:"500" doc:"By what it was met"`
	}
}

// stop handles POST /api/tickets/{ticket}/clocks/{clock}/stop.
func (h ruleRoutes) stop(ctx context.Context, who access.Actor, in *stopClock) (Clock, error) {
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil {
		return Clock{}, err
	}
	id, err := pathID(in.Clock, sla.ErrNoClock)
	if err != nil {
		return Clock{}, err
	}
	c, err := h.desk.StopClock(ctx, who, t.ID, id, in.Body.How)
	return clockBody(c, requestOf(ctx).lang), err
}

// Segment is a sort of customer that rules may tell apart.
type Segment struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// segments handles GET /api/segments.
func (h ruleRoutes) segments(ctx context.Context, _ access.Actor, _ *none) (Items[Segment], error) {
	all, err := customer.Segments(ctx, h.db)
	return itemsOf(all, func(s customer.Segment) Segment { return Segment{s.ID, s.Name} }), err
}

type setSegment struct {
	ByID
	Body struct {
		Segment string `json:"segment" maxLength:"30" doc:"Empty for none"`
	}
}

// setSegment handles PUT /api/customers/{id}/segment.
func (h ruleRoutes) setSegment(ctx context.Context, who access.Actor, in *setSegment) (Customer, error) {
	c, err := h.customers.get(ctx, who, &in.ByID)
	if err == nil {
		err = h.desk.SetSegment(ctx, who, c.ID, in.Body.Segment)
	}
	if err != nil {
		return Customer{}, err
	}
	return h.customers.body(ctx, who, c.ID)
}
