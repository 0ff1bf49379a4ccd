package httpapi

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/area"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// areaRequests is what these handlers need from package area, and no more.
type areaRequests interface {
	Areas(ctx context.Context) ([]area.Area, error)
	Keep(ctx context.Context, a area.Area) (area.Area, error)
	ForTeams(ctx context.Context, actor access.Actor) ([]area.Request, error)
	AnswerInDesk(ctx context.Context, actor access.Actor, id, body string, files []ticket.File) (area.Request, error)
	FileInDesk(ctx context.Context, actor access.Actor, id string, n int) (ticket.File, error)
}

// areaRoutes are the company's areas, and where one of them answers what it is
// asked and sees nothing else.
type areaRoutes struct {
	areas   areaRequests
	uploads uploadRoutes
}

// Area is a part of the company that can be asked.
type Area struct {
	ID         int64    `json:"id"`
	Name       string   `json:"name"`
	Emails     []string `json:"emails" doc:"To which requests are mailed"`
	TeamID     *int64   `json:"team_id" doc:"Whose people answer in the desk"`
	Calendar   string   `json:"calendar"`
	Amount     int      `json:"amount" doc:"With unit: how long it usually has"`
	Unit       string   `json:"unit" enum:"calendar_days,business_days,business_hours,minutes"`
	RemindAt   int      `json:"remind_at" enum:"0,50,75,90" doc:"Per cent of the term after which it is reminded; 0 does not"`
	ChaseEvery int      `json:"chase_every" doc:"Business days between reminders once it is overdue"`
	ChaseMost  int      `json:"chase_most" doc:"How many of these at most"`
	Hides      bool     `json:"hides" doc:"The customer's identity, unless the asker says otherwise"`
	Active     bool     `json:"active"`
}

func areaBody(a area.Area) Area {
	return Area{a.ID, a.Name, orEmpty(a.Emails), a.TeamID, a.Calendar, a.Term.Amount, string(a.Term.Unit), a.RemindAt, a.ChaseEvery, a.ChaseMost, a.Hides, a.Active}
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// all handles GET /api/areas.
func (h areaRoutes) all(ctx context.Context, _ access.Actor, _ *none) (Items[Area], error) {
	all, err := h.areas.Areas(ctx)
	return itemsOf(all, areaBody), err
}

// areaGiven is an area as an admin describes it, whole.
type areaGiven struct {
	Name       string   `json:"name" minLength:"1" maxLength:"80"`
	Emails     []string `json:"emails,omitempty" maxItems:"5"`
	TeamID     *int64   `json:"team_id,omitempty"`
	Calendar   string   `json:"calendar,omitempty" default:"br" maxLength:"60"`
	Amount     int      `json:"amount" minimum:"1" maximum:"5270000"`
	Unit       string   `json:"unit" enum:"calendar_days,business_days,business_hours,minutes"`
	RemindAt   int      `json:"remind_at,omitempty" enum:"0,50,75,90"`
	ChaseEvery int      `json:"chase_every,omitempty" default:"1" minimum:"1" maximum:"30"`
	ChaseMost  int      `json:"chase_most,omitempty" minimum:"0" maximum:"20"`
	Hides      bool     `json:"hides,omitempty"`
	Active     *bool    `json:"active,omitempty" doc:"Whether it can be asked; it can when left out"`
}

func (g areaGiven) area(id int64) area.Area {
	return area.Area{ID: id, Name: g.Name, Emails: g.Emails, TeamID: g.TeamID, Calendar: g.Calendar,
		Term: sla.Term{Amount: g.Amount, Unit: sla.Unit(g.Unit)}, RemindAt: g.RemindAt, ChaseEvery: g.ChaseEvery, ChaseMost: g.ChaseMost,
		Hides: g.Hides, Active: g.Active == nil || *g.Active}
}

type addArea struct{ Body areaGiven }

// add handles POST /api/areas.
func (h areaRoutes) add(ctx context.Context, _ access.Actor, in *addArea) (Area, error) {
	a, err := h.areas.Keep(ctx, in.Body.area(0))
	return areaBody(a), err
}

type changeArea struct {
	ByID
	Body areaGiven
}

// change handles PUT /api/areas/{id}.
func (h areaRoutes) change(ctx context.Context, _ access.Actor, in *changeArea) (Area, error) {
	id, err := pathID(in.ID, area.ErrNoArea)
	if err != nil {
		return Area{}, err
	}
	a, err := h.areas.Keep(ctx, in.Body.area(id))
	return areaBody(a), err
}

// AreaRequest is what the reader's team is asked: a text written for it. Of the
// customer and the asker it has what the asker wanted told, else nothing.
type AreaRequest struct {
	ID         string     `json:"id"`
	Ref        string     `json:"ref" doc:"What it is called when it is spoken of"`
	TeamID     int64      `json:"team_id"`
	Team       string     `json:"team"`
	Body       string     `json:"body"`
	AskedAt    time.Time  `json:"asked_at"`
	Due        time.Time  `json:"due"`
	State      string     `json:"state" enum:"open,answered"`
	Answer     string     `json:"answer"`
	AnsweredBy string     `json:"answered_by"`
	AnsweredAt *time.Time `json:"answered_at"`
	Files      []string   `json:"files" doc:"Names of what went with the answer"`
	Carries    []File     `json:"carries" doc:"Files of the ticket that go with the question, while it is open"`
	Asker      string     `json:"asker"`
	Customer   string     `json:"customer"`
	Protocol   string     `json:"protocol"`
}

func areaRequest(r area.Request) AreaRequest {
	out := AreaRequest{ID: r.ID, Ref: r.Ref(), Team: r.Area, Body: r.Body, AskedAt: r.AskedAt, Due: r.Due, State: string(r.State),
		Asker: r.Asker, Customer: r.Customer, Protocol: r.Protocol, Files: []string{}, Carries: []File{}}
	for i, f := range r.Files {
		out.Carries = append(out.Carries, File{Name: f.Name, Size: f.Size, Mime: f.Mime, URL: fmt.Sprintf("/api/area-requests/%s/files/%d", r.ID, i+1)})
	}
	if r.TeamID != nil {
		out.TeamID = *r.TeamID
	}
	if len(r.Answers) > 0 {
		a := r.Answers[0]
		out.Answer, out.AnsweredBy, out.AnsweredAt = a.Body, a.Name, &a.At
		for _, f := range a.Files {
			out.Files = append(out.Files, f.Name)
		}
	}
	return out
}

// list handles GET /api/area-requests.
func (h areaRoutes) list(ctx context.Context, who access.Actor, _ *none) (Items[AreaRequest], error) {
	all, err := h.areas.ForTeams(ctx, who)
	return itemsOf(all, areaRequest), err
}

var carriedOperation = huma.Operation{
	Summary: "Download a file that goes with what my team is asked",
	Parameters: []*huma.Param{
		{Name: "request", In: "path", Required: true, Schema: &huma.Schema{Type: "string"}},
		{Name: "n", In: "path", Required: true, Schema: &huma.Schema{Type: "string"}},
	},
	Responses: fileOperation.Responses,
}

// carried handles GET /api/area-requests/{request}/files/{n}.
func (h areaRoutes) carried(c *fiber.Ctx) error {
	n, err := strconv.Atoi(c.Params("n"))
	if err != nil {
		return ticket.ErrNoFile
	}
	f, err := h.areas.FileInDesk(c.UserContext(), actorOf(c.UserContext()), c.Params("request"), n)
	if err != nil {
		return err
	}
	return h.uploads.sendFile(c, f)
}

type answerArea struct {
	Request string `path:"request" maxLength:"60"`
	Body    struct {
		Answer string   `json:"answer" minLength:"1" maxLength:"10000"`
		Files  []string `json:"files,omitempty" maxItems:"10" doc:"Ids from POST /api/uploads"`
	}
}

// answer handles POST /api/area-requests/{request}/answer.
func (h areaRoutes) answer(ctx context.Context, who access.Actor, in *answerArea) (AreaRequest, error) {
	files, err := h.uploads.open(in.Body.Files, who.AccountID)
	if err != nil {
		return AreaRequest{}, err
	}
	r, err := h.areas.AnswerInDesk(ctx, who, in.Request, in.Body.Answer, attached(files))
	return areaRequest(r), err
}
