package httpapi

import (
	"context"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/bulk"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/ticket"
)

type bulkRoutes struct {
	tickets ticketRoutes
	bulks   *bulk.Service
}

// BulkMatching is all that a list holds, named as GET /api/tickets names it.
type BulkMatching struct {
	View     string `json:"view,omitempty" maxLength:"30"`
	Status   string `json:"status,omitempty" maxLength:"30"`
	Team     int64  `json:"team,omitempty" minimum:"1"`
	Assignee int64  `json:"assignee,omitempty" minimum:"1"`
	Channel  string `json:"channel,omitempty" maxLength:"30"`
	Q        string `json:"q,omitempty" maxLength:"500"`
}

// BulkAction is what is done to each ticket. What is absent stays.
type BulkAction struct {
	Status     *ticket.Status `json:"status,omitempty" enum:"open,waiting_customer,waiting_third,resolved"`
	Priority   *int           `json:"priority,omitempty" minimum:"1" maximum:"4"`
	TeamID     *int64         `json:"team_id,omitempty" minimum:"1"`
	AssigneeID *int64         `json:"assignee_id,omitempty" minimum:"0" doc:"0 takes it from whoever has it"`
	ReasonID   *int64         `json:"reason_id,omitempty" minimum:"0" doc:"0 removes it"`
	IncidentID *int64         `json:"incident_id,omitempty" minimum:"0" doc:"0 takes it off its incident"`
	AddTags    []string       `json:"add_tags,omitempty" maxItems:"20"`
	RemoveTags []string       `json:"remove_tags,omitempty" maxItems:"20"`
}

func (a BulkAction) amendment() desk.Amendment {
	return desk.Amendment{Status: a.Status, Priority: a.Priority, TeamID: a.TeamID, Assignee: a.AssigneeID, ReasonID: a.ReasonID, IncidentID: a.IncidentID,
		AddTags: a.AddTags, RemoveTags: a.RemoveTags}
}

func actionBody(a desk.Amendment) BulkAction {
	return BulkAction{a.Status, a.Priority, a.TeamID, a.Assignee, a.ReasonID, a.IncidentID, a.AddTags, a.RemoveTags}
}

// BulkTarget is on which tickets: those chosen, or all that match.
type BulkTarget struct {
	IDs      []int64       `json:"ids,omitempty" maxItems:"1000"`
	Matching *BulkMatching `json:"matching,omitempty" doc:"Instead of ids, for who may act on all that a list holds"`
}

// BulkEffect is how many tickets have which outcome, with some of each.
type BulkEffect struct {
	Total    int           `json:"total"`
	Pending  int           `json:"pending"`
	Changed  int           `json:"changed"`
	Same     int           `json:"same" doc:"It was so already"`
	Held     int           `json:"held" doc:"Somebody is answering it"`
	Refused  int           `json:"refused"`
	Gone     int           `json:"gone" doc:"Absent, or hidden"`
	MovedOn  int           `json:"moved_on" doc:"Not taken back: changed since"`
	Examples []BulkExample `json:"examples"`
	Asking   int           `json:"asking" doc:"How many of those it would resolve wait for an answer of an area"`
	Asked    int           `json:"asked" doc:"How many requests these are; resolving withdraws them"`
}

// BulkExample is one ticket and its outcome.
type BulkExample struct {
	Ticket TicketRow `json:"ticket"`
	State  string    `json:"state" enum:"changed,same,held,refused,moved_on"`
	Reason string    `json:"reason" doc:"Code of why not"`
}

func effectBody(e bulk.Effect) BulkEffect {
	return BulkEffect{e.Total, e.By[bulk.Pending], e.By[bulk.Changed], e.By[bulk.Same], e.By[bulk.Held], e.By[bulk.Refused], e.By[bulk.Gone], e.By[bulk.MovedOn],
		itemsOf(e.Examples, func(x bulk.Example) BulkExample { return BulkExample{rowBody(x.Ticket), string(x.State), x.Reason} }).Items, e.Asking, e.Asked}
}

// Bulk is an act on many tickets, and how far it has come.
type Bulk struct {
	ID        int64      `json:"id"`
	Undoes    *int64     `json:"undoes" doc:"The one it takes back"`
	Action    BulkAction `json:"action"`
	Effect    BulkEffect `json:"effect"`
	CreatedAt time.Time  `json:"created_at"`
	EndedAt   *time.Time `json:"ended_at" doc:"Null while it goes on"`
	UndoUntil *time.Time `json:"undo_until" doc:"Null when it cannot be taken back"`
}

func bulkBody(b bulk.Bulk) Bulk {
	return Bulk{b.ID, b.Undoes, actionBody(b.Action), effectBody(b.Effect), b.CreatedAt, b.EndedAt, b.UndoUntil}
}

func (h bulkRoutes) selection(ctx context.Context, who access.Actor, t BulkTarget) (bulk.Selection, error) {
	if (t.Matching == nil) == (len(t.IDs) == 0) {
		return bulk.Selection{}, ticket.Wrong("ids", "required")
	}
	if t.Matching == nil {
		return bulk.Selection{IDs: t.IDs}, nil
	}
	m := t.Matching
	q, err := h.tickets.query(ctx, who, &listTickets{View: m.View, Status: m.Status, Team: m.Team, Assignee: m.Assignee, Channel: m.Channel, Q: m.Q})
	return bulk.Selection{Matching: &q}, err
}

type previewBulk struct {
	Body struct {
		BulkTarget
		Action *BulkAction `json:"action,omitempty" doc:"Without one the tickets are counted"`
	}
}

// preview handles POST /api/bulk/preview.
func (h bulkRoutes) preview(ctx context.Context, who access.Actor, in *previewBulk) (BulkEffect, error) {
	sel, err := h.selection(ctx, who, in.Body.BulkTarget)
	if err != nil {
		return BulkEffect{}, err
	}
	if in.Body.Action == nil {
		n, err := h.bulks.Count(ctx, who, sel)
		return effectBody(bulk.Effect{Total: n}), err
	}
	e, err := h.bulks.Preview(ctx, who, sel, in.Body.Action.amendment())
	return effectBody(e), err
}

type startBulk struct {
	Body struct {
		BulkTarget
		Action  BulkAction `json:"action"`
		Changes int        `json:"changes" minimum:"0" doc:"How many the effect that was shown would change; with another number now nothing is done"`
	}
}

// start handles POST /api/bulk.
func (h bulkRoutes) start(ctx context.Context, who access.Actor, in *startBulk) (Bulk, error) {
	sel, err := h.selection(ctx, who, in.Body.BulkTarget)
	if err != nil {
		return Bulk{}, err
	}
	b, err := h.bulks.Start(ctx, who, sel, in.Body.Action.amendment(), in.Body.Changes)
	return bulkBody(b), err
}

// get handles GET /api/bulk/{id}.
func (h bulkRoutes) get(ctx context.Context, who access.Actor, in *ByID) (Bulk, error) {
	id, err := pathID(in.ID, bulk.ErrNotFound)
	if err != nil {
		return Bulk{}, err
	}
	b, err := h.bulks.Get(ctx, who, id)
	return bulkBody(b), err
}

// undo handles POST /api/bulk/{id}/undo.
func (h bulkRoutes) undo(ctx context.Context, who access.Actor, in *ByID) (Bulk, error) {
	id, err := pathID(in.ID, bulk.ErrNotFound)
	if err != nil {
		return Bulk{}, err
	}
	b, err := h.bulks.Undo(ctx, who, id)
	return bulkBody(b), err
}
