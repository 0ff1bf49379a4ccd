package httpapi

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/assign"
	"github.com/escuta-sac/escuta/internal/roster"
	"github.com/escuta-sac/escuta/internal/routing"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// explainer is what these handlers need of package routing, and no more.
type explainer interface {
	Explain(ctx context.Context, t ticket.Ticket) (routing.Explanation, error)
}

// skipped is what these handlers need of package assign, and no more.
type skipped interface {
	GivenBack(ctx context.Context, actor access.Actor, since time.Time) ([]assign.GivenBack, error)
}

type routingRoutes struct {
	db      *gorm.DB
	routing explainer
	assign  skipped
	today   func() time.Time // now, in the company's zone
}

// GivenBack is a ticket that somebody was served and gave back.
type GivenBack struct {
	At        time.Time `json:"at"`
	AccountID int64     `json:"account_id"`
	Account   string    `json:"account"`
	TicketID  int64     `json:"ticket_id"`
	Protocol  string    `json:"protocol"`
	Subject   string    `json:"subject"`
	Reason    string    `json:"reason" enum:"knowledge,language,personal,breather,other"`
	Word      string    `json:"word"`
}

// skips handles GET /api/skips: today's, in the company's zone.
func (h routingRoutes) skips(ctx context.Context, who access.Actor, _ *none) (Items[GivenBack], error) {
	now := h.today()
	y, m, d := now.Date()
	all, err := h.assign.GivenBack(ctx, who, time.Date(y, m, d, 0, 0, 0, 0, now.Location()))
	return itemsOf(all, func(g assign.GivenBack) GivenBack { return GivenBack(g) }), err
}

// Routing is why a ticket is whose it is, or why it is nobody's.
type Routing struct {
	Verdict    string             `json:"verdict" enum:"done,office,held,assigned,waiting,manual,pull,soon,nobody"`
	Mode       string             `json:"mode" doc:"Of its team; empty behind the wall"`
	AssigneeID *int64             `json:"assignee_id"`
	Gone       string             `json:"gone" doc:"Why the assignee is not there; empty when they are"`
	Told       *Routed            `json:"told" doc:"When it was given out; null when it came to be whose it is in another way"`
	Skills     []string           `json:"skills" doc:"Demanded"`
	Lacking    []string           `json:"lacking" doc:"Demanded, and nobody who is there has them"`
	People     []RoutingCandidate `json:"people"`
}

// Routed is what is told of a ticket that was given out, or taken off somebody.
type Routed struct {
	At       time.Time  `json:"at"`
	FromID   *int64     `json:"from_id"`
	Gone     string     `json:"gone"`
	ToID     *int64     `json:"to_id"`
	Due      *time.Time `json:"due"`
	Skills   []string   `json:"skills"`
	Load     int        `json:"load"`
	Capacity int        `json:"capacity"`
	Bond     string     `json:"bond" enum:",answered,customer"`
	Met      *time.Time `json:"met"`
}

// RoutingCandidate is somebody of the team, and why they cannot have the ticket.
type RoutingCandidate struct {
	AccountID int64  `json:"account_id"`
	Name      string `json:"name"`
	Obstacle  string `json:"obstacle" enum:",absent,off_shift,offline,left,away,break,call,skills,gave_back,full,full_channel" doc:"Empty when they can"`
	Load      int    `json:"load"`
	Capacity  int    `json:"capacity"`
}

// explain handles GET /api/tickets/{ticket}/routing.
func (h routingRoutes) explain(ctx context.Context, who access.Actor, in *TicketRef) (Routing, error) {
	t, err := ticket.See(ctx, h.db, who, in.Ticket)
	if err != nil {
		return Routing{}, err
	}
	e, err := h.routing.Explain(ctx, t)
	if err != nil {
		return Routing{}, err
	}
	name := func(s roster.Skill) string { return s.Name }
	b := Routing{Verdict: string(e.Verdict), Mode: string(e.Mode), AssigneeID: e.Assignee, Gone: string(e.Gone),
		Skills: itemsOf(e.Skills, name).Items, Lacking: itemsOf(e.Lacking, name).Items,
		People: itemsOf(e.People, func(c routing.Candidate) RoutingCandidate {
			return RoutingCandidate{c.AccountID, c.Name, string(c.Obstacle), c.Load, c.Of}
		}).Items}
	if t := e.Told; t != nil {
		b.Told = &Routed{e.At, t.From, string(t.Gone), t.To, t.Due, t.Skills, t.Load, t.Capacity, string(t.Bond), t.Met}
		if b.Told.Skills == nil {
			b.Told.Skills = []string{}
		}
	}
	return b, nil
}
