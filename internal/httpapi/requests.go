package httpapi

import (
	"context"
	"math"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/area"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// internalRequests is what these handlers need from package area, and no more.
type internalRequests interface {
	Ask(ctx context.Context, actor access.Actor, ticketID int64, q area.Question) (area.Request, error)
	Of(ctx context.Context, ticketID int64) ([]area.Request, error)
	Asked(ctx context.Context, actor access.Actor) ([]area.Request, error)
	Withdraw(ctx context.Context, actor access.Actor, ticketID int64, id, remark string) (area.Request, error)
	Close(ctx context.Context, actor access.Actor, ticketID int64, id, remark string) (area.Request, error)
	Extend(ctx context.Context, actor access.Actor, ticketID int64, id string, more int) (area.Request, error)
	Turns(ctx context.Context, ticketID int64) (area.Ledger, error)
}

// requestRoutes are what a ticket asks areas of the company, for whoever sees the
// ticket.
type requestRoutes struct {
	db       *gorm.DB
	requests internalRequests
}

// InternalRequest is what a ticket asks an area, with what became of it.
type InternalRequest struct {
	ID          string       `json:"id"`
	Ref         string       `json:"ref" doc:"What it is called when it is spoken of"`
	TicketID    int64        `json:"ticket_id"`
	Protocol    string       `json:"protocol"`
	AreaID      *int64       `json:"area_id"`
	Area        string       `json:"area"`
	Emails      []string     `json:"emails"`
	Body        string       `json:"body"`
	Hides       bool         `json:"hides" doc:"The area is told nothing of the customer"`
	Blocks      bool         `json:"blocks" doc:"It is the area's turn until it answers"`
	Asker       string       `json:"asker"`
	AskedAt     time.Time    `json:"asked_at"`
	Amount      int          `json:"amount" doc:"0 when it was asked for an instant"`
	Unit        string       `json:"unit"`
	Calendar    string       `json:"calendar"`
	Due         time.Time    `json:"due"`
	Explanation []Interval   `json:"explanation"`
	State       string       `json:"state" enum:"open,answered,withdrawn,closed"`
	OverdueAt   *time.Time   `json:"overdue_at"`
	NextAt      *time.Time   `json:"next_at" doc:"When the area is reminded next"`
	EndedAt     *time.Time   `json:"ended_at"`
	Remark      string       `json:"remark"`
	Files       []File       `json:"files" doc:"Of the ticket's, as the area sees them"`
	Answers     []AreaAnswer `json:"answers"`
	Stages      []AreaStage  `json:"stages" doc:"Reminders that went out"`
	Mails       []AreaMailed `json:"mails" doc:"The newest mail to each address"`
}

// AreaAnswer is what an area has said.
type AreaAnswer struct {
	ID      int64     `json:"id"`
	Way     string    `json:"way" enum:"desk,link,mail"`
	Name    string    `json:"name"`
	Address string    `json:"address" doc:"Whose link or mail it was"`
	Body    string    `json:"body"`
	Files   []File    `json:"files"`
	At      time.Time `json:"at"`
}

// AreaStage is a reminder that went out, or when a request was found overdue.
type AreaStage struct {
	Stage string    `json:"stage"`
	At    time.Time `json:"at"`
}

// AreaMailed is the newest mail to an address.
type AreaMailed struct {
	Recipient string `json:"recipient"`
	State     string `json:"state"`
	Reason    string `json:"reason"`
}

func internalRequest(lang string) func(area.Request) InternalRequest {
	return func(r area.Request) InternalRequest { return requestBody(r, lang) }
}

func requestBody(r area.Request, lang string) InternalRequest {
	return InternalRequest{
		ID: r.ID, Ref: r.Ref(), TicketID: r.TicketID, Protocol: r.Protocol, AreaID: r.AreaID, Area: r.Area, Emails: orEmpty(r.Emails),
		Body: r.Body, Hides: r.Hides, Blocks: r.Blocks, Asker: r.Asker, AskedAt: r.AskedAt, Amount: r.Term.Amount, Unit: string(r.Term.Unit),
		Calendar: r.Calendar, Due: r.Due, State: string(r.State), OverdueAt: r.OverdueAt, NextAt: r.NextAt, EndedAt: r.EndedAt, Remark: r.Remark,
		Explanation: stepsBody(r.Steps, lang), Files: itemsOf(r.Files, fileBody).Items,
		Answers: itemsOf(r.Answers, func(a area.Answer) AreaAnswer {
			return AreaAnswer{a.ID, a.Way, a.Name, a.Address, a.Body, itemsOf(a.Files, fileBody).Items, a.At}
		}).Items,
		Stages: itemsOf(r.Stages, func(s area.Stage) AreaStage { return AreaStage{s.Stage, s.At} }).Items,
		Mails:  itemsOf(r.Mails, func(m area.Mailed) AreaMailed { return AreaMailed(m) }).Items,
	}
}

type askRequest struct {
	TicketRef
	Body struct {
		AreaID int64  `json:"area_id" minimum:"1"`
		Body   string `json:"body" minLength:"1" maxLength:"10000" doc:"Written for the area. With hides: nobody's name, document, contact or protocol"`
		Amount int    `json:"amount,omitempty" minimum:"1" maximum:"5270000" doc:"The area's usual term when left out"`
		Unit   string `json:"unit,omitempty" enum:"calendar_days,business_days,business_hours,minutes"`
		Hides  *bool  `json:"hides,omitempty" doc:"As usual for the area when left out; always behind the wall"`
		Aside  bool   `json:"aside,omitempty" doc:"It does not become the area's turn"`

		Files  []string `json:"files,omitempty" maxItems:"10" doc:"Addresses of files of the ticket's messages that the area is to see"`
		Looked bool     `json:"looked,omitempty" doc:"With hides: no file shows who the customer is; somebody has looked. Names are replaced"`
	}
}

// ask handles POST /api/tickets/{ticket}/requests.
func (h requestRoutes) ask(ctx context.Context, who access.Actor, in *askRequest) (InternalRequest, error) {
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil {
		return InternalRequest{}, err
	}
	b := in.Body
	r, err := h.requests.Ask(ctx, who, t.ID, area.Question{AreaID: b.AreaID, Body: b.Body, Amount: b.Amount, Unit: sla.Unit(b.Unit), Hides: b.Hides, Aside: b.Aside,
		Files: tokensOf(b.Files), Looked: b.Looked})
	return requestBody(r, requestOf(ctx).lang), err
}

// tokensOf takes the tokens out of files' addresses.
func tokensOf(addresses []string) []string {
	tokens := make([]string, len(addresses))
	for i, a := range addresses {
		tokens[i] = strings.TrimPrefix(a, fileURL(""))
	}
	return tokens
}

// list handles GET /api/tickets/{ticket}/requests.
func (h requestRoutes) list(ctx context.Context, who access.Actor, in *TicketRef) (Items[InternalRequest], error) {
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil {
		return Items[InternalRequest]{}, err
	}
	all, err := h.requests.Of(ctx, t.ID)
	return itemsOf(all, internalRequest(requestOf(ctx).lang)), err
}

// asked handles GET /api/requests.
func (h requestRoutes) asked(ctx context.Context, who access.Actor, _ *none) (Items[InternalRequest], error) {
	all, err := h.requests.Asked(ctx, who)
	return itemsOf(all, internalRequest(requestOf(ctx).lang)), err
}

// RequestRef is the address of one request of a ticket.
type RequestRef struct {
	TicketRef
	Request string `path:"request" maxLength:"60"`
}

type endRequest struct {
	RequestRef
	Body struct {
		Remark string `json:"remark,omitempty" maxLength:"2000"`
	}
}

// withdraw handles POST /api/tickets/{ticket}/requests/{request}/withdraw.
func (h requestRoutes) withdraw(ctx context.Context, who access.Actor, in *endRequest) (InternalRequest, error) {
	return h.act(ctx, who, in.RequestRef, func(id int64) (area.Request, error) {
		return h.requests.Withdraw(ctx, who, id, in.Request, in.Body.Remark)
	})
}

// close handles POST /api/tickets/{ticket}/requests/{request}/close.
func (h requestRoutes) close(ctx context.Context, who access.Actor, in *endRequest) (InternalRequest, error) {
	return h.act(ctx, who, in.RequestRef, func(id int64) (area.Request, error) {
		return h.requests.Close(ctx, who, id, in.Request, in.Body.Remark)
	})
}

type extendRequest struct {
	RequestRef
	Body struct {
		More int `json:"more" minimum:"1" maximum:"5270000" doc:"So much more of the request's own unit"`
	}
}

// extend handles POST /api/tickets/{ticket}/requests/{request}/extend.
func (h requestRoutes) extend(ctx context.Context, who access.Actor, in *extendRequest) (InternalRequest, error) {
	return h.act(ctx, who, in.RequestRef, func(id int64) (area.Request, error) {
		return h.requests.Extend(ctx, who, id, in.Request, in.Body.More)
	})
}

func (h requestRoutes) act(ctx context.Context, who access.Actor, ref RequestRef, do func(id int64) (area.Request, error)) (InternalRequest, error) {
	t, err := ticket.See(ctx, h.db, who, ref.Ticket)
	if err != nil {
		return InternalRequest{}, err
	}
	r, err := do(t.ID)
	return requestBody(r, requestOf(ctx).lang), err
}

// Turns are whose turn a ticket was, from its opening on, and how long in all.
type Turns struct {
	Stretches []Stretch   `json:"stretches" doc:"They follow each other without a gap"`
	Sums      []TurnTotal `json:"sums"`
	Until     time.Time   `json:"until"`
}

// Stretch is a time in which it was one party's turn.
type Stretch struct {
	From time.Time   `json:"from"`
	To   time.Time   `json:"to"`
	Turn ticket.Turn `json:"turn" enum:"us,area,customer,none"`
	Area string      `json:"area" doc:"Which, when it was an area's; empty for somebody outside"`
}

// TurnTotal is how long one party had in all.
type TurnTotal struct {
	Turn     ticket.Turn `json:"turn" enum:"us,area,customer,none"`
	Area     string      `json:"area"`
	Seconds  int64       `json:"seconds"`
	Days     float64     `json:"days" doc:"Of 24 hours, to two places"`
	Business int64       `json:"business_seconds" doc:"Within the opening hours of its calendar"`
	Calendar string      `json:"calendar"`
}

// turns handles GET /api/tickets/{ticket}/turns.
func (h requestRoutes) turns(ctx context.Context, who access.Actor, in *TicketRef) (Turns, error) {
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil {
		return Turns{}, err
	}
	l, err := h.requests.Turns(ctx, t.ID)
	return Turns{
		Stretches: itemsOf(l.Stretches, func(s area.Stretch) Stretch { return Stretch(s) }).Items,
		Sums: itemsOf(l.Sums, func(s area.Total) TurnTotal {
			return TurnTotal{s.Turn, s.Area, int64(s.Whole.Seconds()), math.Round(s.Whole.Hours()/24*100) / 100, int64(s.Business.Seconds()), s.Calendar}
		}).Items,
		Until: l.Until,
	}, err
}
