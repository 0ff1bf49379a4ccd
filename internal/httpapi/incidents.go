package httpapi

import (
	"context"
	"strconv"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/incident"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// incidentRoutes are incidents: one cause of many tickets.
type incidentRoutes struct {
	db        *gorm.DB
	incidents *incident.Service
	now       func() time.Time
}

// Incident is one cause of many tickets. What of brand, team, channel and reason
// is null is not narrowed by it.
type Incident struct {
	ID        int64      `json:"id"`
	Title     string     `json:"title"`
	Inside    string     `json:"inside" doc:"What agents should know"`
	Outside   string     `json:"outside" doc:"What customers are told on their pages; empty tells them nothing"`
	NewsBy    *time.Time `json:"news_by" doc:"By when customers are promised the next news"`
	State     string     `json:"state" enum:"open,solved,closed"`
	BrandID   *int64     `json:"brand_id"`
	TeamID    *int64     `json:"team_id"`
	Channel   *string    `json:"channel" enum:"phone,webform,email"`
	ReasonID  *int64     `json:"reason_id"`
	StartedAt time.Time  `json:"started_at"`
	SolvedAt  *time.Time `json:"solved_at"`
	OpenedBy  int64      `json:"opened_by"`
	SolvedBy  *int64     `json:"solved_by"`
	Version   int        `json:"version"`
	UpdatedAt time.Time  `json:"updated_at"`
}

func incidentBody(i incident.Incident) Incident {
	var channel *string
	if i.Channel != "" {
		channel = &i.Channel
	}
	return Incident{i.ID, i.Title, i.Inside, i.Outside, i.NewsBy, string(i.State), i.BrandID, i.TeamID, channel, i.ReasonID,
		i.StartedAt, i.SolvedAt, i.OpenedBy, i.SolvedBy, i.Version, i.UpdatedAt}
}

// IncidentDetail is an incident with its tickets in figures and what is done to them.
type IncidentDetail struct {
	Incident Incident        `json:"incident"`
	Figures  IncidentFigures `json:"figures"`
	Runs     []IncidentRun   `json:"runs" doc:"The newest first"`
}

// IncidentFigures count the tickets of an incident that the reader sees.
type IncidentFigures struct {
	Tickets   int        `json:"tickets"`
	Customers int        `json:"customers"`
	Open      int        `json:"open"`
	Answered  int        `json:"answered"`
	Unreached int        `json:"unreached" doc:"An answer to all stands only on their pages, and nothing was said to them since"`
	First     *time.Time `json:"first"`
	Last      *time.Time `json:"last"`
}

// IncidentRun is something done to many tickets, and how far it is.
type IncidentRun struct {
	ID         int64          `json:"id"`
	Kind       string         `json:"kind" enum:"link,unlink,answer"`
	Body       string         `json:"body"`
	Resolve    bool           `json:"resolve"`
	State      string         `json:"state" enum:"running,done,cancelled"`
	AccountID  int64          `json:"account_id"`
	Total      int            `json:"total"`
	Done       int            `json:"done"`
	Skipped    int            `json:"skipped"`
	Reasons    map[string]int `json:"reasons" doc:"How many were left alone, by why: held, settled, gone, author, failed"`
	BeginsAt   time.Time      `json:"begins_at" doc:"Until then nothing is done, and it can be taken back whole"`
	FinishedAt *time.Time     `json:"finished_at"`
}

func runBody(r incident.Run) IncidentRun {
	reasons := r.Reasons
	if reasons == nil {
		reasons = map[string]int{}
	}
	return IncidentRun{r.ID, string(r.Kind), r.Body, r.Resolve, string(r.State), r.AccountID, r.Total, r.Done, r.Skipped, reasons, r.BeginsAt, r.FinishedAt}
}

type incidentList struct {
	State string `query:"state" enum:"open,solved,closed"`
}

// list handles GET /api/incidents.
func (h incidentRoutes) list(ctx context.Context, _ access.Actor, in *incidentList) (Items[Incident], error) {
	all, err := h.incidents.List(ctx, incident.State(in.State))
	return itemsOf(all, incidentBody), err
}

type newIncident struct {
	Body struct {
		Title     string     `json:"title" minLength:"1" maxLength:"120"`
		Inside    string     `json:"inside,omitempty" maxLength:"4000"`
		Outside   string     `json:"outside,omitempty" maxLength:"1000"`
		NewsBy    *time.Time `json:"news_by,omitempty"`
		BrandID   *int64     `json:"brand_id,omitempty" minimum:"1"`
		TeamID    *int64     `json:"team_id,omitempty" minimum:"1"`
		Channel   string     `json:"channel,omitempty" enum:"phone,webform,email"`
		ReasonID  *int64     `json:"reason_id,omitempty" minimum:"1"`
		StartedAt *time.Time `json:"started_at,omitempty" doc:"Now when left out"`
	}
}

// create handles POST /api/incidents.
func (h incidentRoutes) create(ctx context.Context, who access.Actor, in *newIncident) (Incident, error) {
	b := in.Body
	i := incident.Incident{Title: b.Title, Inside: b.Inside, Outside: b.Outside, NewsBy: b.NewsBy,
		BrandID: b.BrandID, TeamID: b.TeamID, Channel: b.Channel, ReasonID: b.ReasonID}
	if b.StartedAt != nil {
		i.StartedAt = *b.StartedAt
	}
	i, err := h.incidents.Create(ctx, who, i)
	return incidentBody(i), err
}

// get handles GET /api/incidents/{id}.
func (h incidentRoutes) get(ctx context.Context, who access.Actor, in *ByID) (IncidentDetail, error) {
	i, err := h.of(ctx, in.ID)
	if err != nil {
		return IncidentDetail{}, err
	}
	figures, err := h.incidents.Count(ctx, who, i.ID)
	if err != nil {
		return IncidentDetail{}, err
	}
	runs, err := h.incidents.Runs(ctx, i.ID)
	return IncidentDetail{incidentBody(i), IncidentFigures(figures), itemsOf(runs, runBody).Items}, err
}

func (h incidentRoutes) of(ctx context.Context, text string) (incident.Incident, error) {
	id, err := pathID(text, incident.ErrNotFound)
	if err != nil {
		return incident.Incident{}, err
	}
	return h.incidents.Get(ctx, id)
}

type changeIncident struct {
	ByID
	Body struct {
		Version   int        `json:"version" minimum:"1" doc:"The version that was seen; another one is incident_version_conflict"`
		Title     string     `json:"title" minLength:"1" maxLength:"120"`
		Inside    string     `json:"inside" maxLength:"4000"`
		Outside   string     `json:"outside" maxLength:"1000"`
		NewsBy    *time.Time `json:"news_by"`
		State     string     `json:"state" enum:"open,solved,closed"`
		BrandID   *int64     `json:"brand_id" minimum:"1"`
		TeamID    *int64     `json:"team_id" minimum:"1"`
		Channel   *string    `json:"channel" enum:"phone,webform,email"`
		ReasonID  *int64     `json:"reason_id" minimum:"1"`
		StartedAt time.Time  `json:"started_at"`
	}
}

// change handles PUT /api/incidents/{id}.
func (h incidentRoutes) change(ctx context.Context, who access.Actor, in *changeIncident) (Incident, error) {
	id, err := pathID(in.ID, incident.ErrNotFound)
	if err != nil {
		return Incident{}, err
	}
	b := in.Body
	i, err := h.incidents.Change(ctx, who, id, b.Version, func(i *incident.Incident) {
		i.Title, i.Inside, i.Outside, i.NewsBy, i.State = b.Title, b.Inside, b.Outside, b.NewsBy, incident.State(b.State)
		i.BrandID, i.TeamID, i.ReasonID, i.StartedAt = b.BrandID, b.TeamID, b.ReasonID, b.StartedAt
		i.Channel = ""
		if b.Channel != nil {
			i.Channel = *b.Channel
		}
	})
	return incidentBody(i), err
}

type incidentPage struct {
	ByID
	Cursor    string `query:"cursor" maxLength:"20"`
	Unreached bool   `query:"unreached" doc:"Only those whom an answer to all has not reached"`
}

// IncidentTickets is a page of an incident's tickets.
type IncidentTickets struct {
	Items []TicketRow `json:"items"`
	Next  *string     `json:"next" doc:"Cursor of the next page, null on the last"`
}

// tickets handles GET /api/incidents/{id}/tickets.
func (h incidentRoutes) tickets(ctx context.Context, who access.Actor, in *incidentPage) (IncidentTickets, error) {
	i, err := h.of(ctx, in.ID)
	if err != nil {
		return IncidentTickets{}, err
	}
	var after int64
	if in.Cursor != "" {
		if after, err = pathID(in.Cursor, ticket.ErrCursor); err != nil {
			return IncidentTickets{}, err
		}
	}
	page, next, err := h.incidents.Tickets(ctx, who, i.ID, after, in.Unreached)
	out := IncidentTickets{Items: itemsOf(page, rowBody).Items}
	if next != 0 {
		cursor := strconv.FormatInt(next, 10)
		out.Next = &cursor
	}
	return out, err
}

type incidentWords struct {
	ByID
	Q string `query:"q" maxLength:"200" doc:"Look among them by words instead of the reason"`
}

// suggestions handles GET /api/incidents/{id}/suggestions.
func (h incidentRoutes) suggestions(ctx context.Context, who access.Actor, in *incidentWords) (Items[TicketRow], error) {
	i, err := h.of(ctx, in.ID)
	if err != nil {
		return Items[TicketRow]{}, err
	}
	rows, err := h.incidents.Suggestions(ctx, who, i, in.Q)
	return itemsOf(rows, rowBody), err
}

type putTickets struct {
	ByID
	Body struct {
		Tickets []int64 `json:"tickets" minItems:"1" maxItems:"5000"`
		Off     bool    `json:"off,omitempty" doc:"Take them off"`
	}
}

// put handles POST /api/incidents/{id}/tickets.
func (h incidentRoutes) put(ctx context.Context, who access.Actor, in *putTickets) (IncidentRun, error) {
	id, err := pathID(in.ID, incident.ErrNotFound)
	if err != nil {
		return IncidentRun{}, err
	}
	r, err := h.incidents.Put(ctx, who, id, in.Body.Tickets, in.Body.Off)
	return runBody(r), err
}

// IncidentEffect is what an answer to all would do now, in numbers of tickets.
type IncidentEffect struct {
	Mail       int `json:"mail" doc:"Goes out by mail, and stands on the page"`
	Page       int `json:"page" doc:"Stands on the customer's page only: no address is known"`
	Suppressed int `json:"suppressed" doc:"On the page only, since nothing may be sent to the address"`
	Held       int `json:"held" doc:"Left alone: somebody is just answering"`
	Settled    int `json:"settled" doc:"Left alone: resolved or closed"`
}

// effect handles GET /api/incidents/{id}/effect.
func (h incidentRoutes) effect(ctx context.Context, who access.Actor, in *ByID) (IncidentEffect, error) {
	i, err := h.of(ctx, in.ID)
	if err != nil {
		return IncidentEffect{}, err
	}
	e, err := h.incidents.Effect(ctx, who, i.ID)
	return IncidentEffect(e), err
}

type answerAll struct {
	ByID
	Body struct {
		Body    string `json:"body" minLength:"1" maxLength:"10000" doc:"{nome} and {protocolo} are each ticket's own"`
		Resolve bool   `json:"resolve,omitempty" doc:"The answer settles the matter of each"`
	}
}

// answer handles POST /api/incidents/{id}/answers.
func (h incidentRoutes) answer(ctx context.Context, who access.Actor, in *answerAll) (IncidentRun, error) {
	id, err := pathID(in.ID, incident.ErrNotFound)
	if err != nil {
		return IncidentRun{}, err
	}
	r, err := h.incidents.Answer(ctx, who, id, in.Body.Body, in.Body.Resolve)
	return runBody(r), err
}

type incidentRunRef struct {
	ByID
	Run string `path:"run"`
}

// cancel handles POST /api/incidents/{id}/runs/{run}/cancel.
func (h incidentRoutes) cancel(ctx context.Context, _ access.Actor, in *incidentRunRef) (IncidentRun, error) {
	id, err := pathID(in.ID, incident.ErrNotFound)
	if err != nil {
		return IncidentRun{}, err
	}
	run, err := pathID(in.Run, incident.ErrNotFound)
	if err != nil {
		return IncidentRun{}, err
	}
	r, err := h.incidents.Cancel(ctx, id, run)
	return runBody(r), err
}

type linkTicket struct {
	TicketRef
	Body struct {
		IncidentID *int64 `json:"incident_id" minimum:"1" doc:"null takes it off"`
	}
}

// link handles PUT /api/tickets/{ticket}/incident.
func (h incidentRoutes) link(ctx context.Context, who access.Actor, in *linkTicket) (TicketRow, error) {
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil {
		return TicketRow{}, err
	}
	t, err = h.incidents.Link(ctx, who, t.ID, in.Body.IncidentID)
	return rowBody(t.Snapshot()), err
}

// TicketIncident is the incident that a ticket belongs to.
type TicketIncident struct {
	Incident *Incident `json:"incident"`
	Untold   bool      `json:"untold" doc:"The newest answer to all has not reached this ticket; see .../incident/news"`
}

// ofTicket handles GET /api/tickets/{ticket}/incident.
func (h incidentRoutes) ofTicket(ctx context.Context, who access.Actor, in *TicketRef) (TicketIncident, error) {
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil || t.IncidentID == nil {
		return TicketIncident{}, err
	}
	i, err := h.incidents.Get(ctx, *t.IncidentID)
	if err != nil {
		return TicketIncident{}, err
	}
	body := incidentBody(i)
	untold, err := h.incidents.Untold(ctx, t)
	return TicketIncident{&body, untold}, err
}

// news handles POST /api/tickets/{ticket}/incident/news.
func (h incidentRoutes) news(ctx context.Context, who access.Actor, in *TicketRef) (Replied, error) {
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil {
		return Replied{}, err
	}
	m, t, err := h.incidents.TellAgain(ctx, who, t)
	if err != nil {
		return Replied{}, err
	}
	return Replied{messageBody(m), rowBody(t.Snapshot())}, nil
}

type period struct {
	From time.Time `query:"from" doc:"Thirty days ago when left out"`
	To   time.Time `query:"to" doc:"Now when left out; the end is not counted in"`
}

// ReasonFigures is how many demands came for one reason.
type ReasonFigures struct {
	ReasonID *int64 `json:"reason_id"`
	Tickets  int    `json:"tickets"`
	Demands  int    `json:"demands" doc:"The tickets of an incident count as one"`
}

var errPeriod = fault.New(fault.Invalid, "bad_period")

// reasons handles GET /api/figures/reasons.
func (h incidentRoutes) reasons(ctx context.Context, who access.Actor, in *period) (Items[ReasonFigures], error) {
	if in.To.IsZero() {
		in.To = h.now()
	}
	if in.From.IsZero() {
		in.From = in.To.AddDate(0, 0, -30)
	}
	if !in.From.Before(in.To) || in.To.Sub(in.From) > 366*24*time.Hour {
		return Items[ReasonFigures]{}, errPeriod
	}
	all, err := h.incidents.Reasons(ctx, who, in.From, in.To)
	return itemsOf(all, func(r incident.ByReason) ReasonFigures { return ReasonFigures(r) }), err
}
