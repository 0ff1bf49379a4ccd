package httpapi

import (
	"context"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/call"
)

// CallBack is a call that we owe somebody.
type CallBack struct {
	ID        int64         `json:"id"`
	TicketID  int64         `json:"ticket_id"`
	Ticket    TicketRow     `json:"ticket"`
	ContactID *int64        `json:"contact_id"`
	AgentID   *int64        `json:"agent_id" doc:"Null is the team of its ticket"`
	Why       string        `json:"why" enum:"dropped,promised,abandoned"`
	Phone     string        `json:"phone" doc:"E.164, empty when none is known"`
	From      time.Time     `json:"from"`
	To        time.Time     `json:"to"`
	NextAt    time.Time     `json:"next_at" doc:"Not before: an attempt that failed moves it"`
	Overdue   bool          `json:"overdue"`
	Attempts  []CallAttempt `json:"attempts"`
	State     string        `json:"state" enum:"open,done,cancelled"`
	Reason    string        `json:"reason"`
	CreatedAt time.Time     `json:"created_at"`
	EndedAt   *time.Time    `json:"ended_at"`
	Allowed   bool          `json:"allowed" doc:"What the gate of all ways out says"`
	Refused   string        `json:"refused" doc:"Why it says no"`
}

// CallAttempt is one time that we tried.
type CallAttempt struct {
	At        time.Time `json:"at"`
	AccountID int64     `json:"account_id"`
	Result    string    `json:"result" enum:"reached,no_answer,busy,wrong_number"`
	Note      string    `json:"note"`
}

func (h callRoutes) callBackBody(b call.CallBack) CallBack {
	return CallBack{
		ID: b.ID, TicketID: b.TicketID, Ticket: rowBody(b.Ticket), ContactID: b.ContactID, AgentID: b.AgentID, Why: string(b.Why), Phone: b.Phone,
		From: b.Window.From, To: b.Window.To, NextAt: b.NextAt, Overdue: b.EndedAt == nil && b.Window.To.Before(h.services.Now()),
		Attempts: itemsOf(b.Attempts, func(a call.Attempt) CallAttempt { return CallAttempt{a.At, a.AccountID, string(a.Result), a.Note} }).Items,
		State:    b.State, Reason: b.Reason, CreatedAt: b.CreatedAt, EndedAt: b.EndedAt, Allowed: b.May.Allowed, Refused: b.May.Reason,
	}
}

type listCallBacks struct {
	Mine  bool   `query:"mine"`
	State string `query:"state" enum:"open,done,cancelled" default:"open"`
	Limit int    `query:"limit" minimum:"1" maximum:"200"`
}

// callBacks handles GET /api/callbacks.
func (h callRoutes) callBacks(ctx context.Context, who access.Actor, in *listCallBacks) (Items[CallBack], error) {
	all, err := h.calls.CallBacks(ctx, who, call.CallBackQuery{Mine: in.Mine, State: in.State, Limit: in.Limit})
	return itemsOf(all, h.callBackBody), err
}

type attemptInput struct {
	ByID
	Body struct {
		Result string `json:"result" enum:"reached,no_answer,busy,wrong_number"`
		Note   string `json:"note,omitempty" maxLength:"500"`
	}
}

// attempt handles POST /api/callbacks/{id}/attempts.
func (h callRoutes) attempt(ctx context.Context, who access.Actor, in *attemptInput) (CallBack, error) {
	id, err := pathID(in.ID, call.ErrNoCallBack)
	if err != nil {
		return CallBack{}, err
	}
	b, err := h.calls.Attempt(ctx, who, id, call.Result(in.Body.Result), in.Body.Note)
	if err != nil {
		return CallBack{}, err
	}
	return h.callBackBody(b), nil
}

type patchCallBack struct {
	ByID
	Body struct {
		Cancel  bool    `json:"cancel,omitempty" doc:"It will not be made; needs a reason"`
		Reason  string  `json:"reason,omitempty" maxLength:"500"`
		Window  *window `json:"window,omitempty" doc:"Another time"`
		AgentID *int64  `json:"agent_id,omitempty" minimum:"0" doc:"Who calls; 0 is the team"`
	}
}

// changeCallBack handles PATCH /api/callbacks/{id}.
func (h callRoutes) changeCallBack(ctx context.Context, who access.Actor, in *patchCallBack) (CallBack, error) {
	id, err := pathID(in.ID, call.ErrNoCallBack)
	if err != nil {
		return CallBack{}, err
	}
	c := call.CallBackChange{Cancel: in.Body.Cancel, Reason: in.Body.Reason, AgentID: in.Body.AgentID}
	if w := in.Body.Window; w != nil {
		c.Window = &call.Window{From: w.From, To: w.To}
	}
	b, err := h.calls.ChangeCallBack(ctx, who, id, c)
	if err != nil {
		return CallBack{}, err
	}
	return h.callBackBody(b), nil
}
