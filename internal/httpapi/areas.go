package httpapi

import (
	"context"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/ombudsman"
)

// areaRequests is what these handlers need from package ombudsman, and no more.
type areaRequests interface {
	AreaRequests(ctx context.Context, actor access.Actor) ([]ombudsman.Request, error)
	AnswerArea(ctx context.Context, actor access.Actor, request, answer string) (ombudsman.Request, error)
}

// areaRoutes are where an area answers what it is asked, and sees nothing else.
type areaRoutes struct{ requests areaRequests }

// AreaRequest is what the reader's team is asked: a text written for it, and no
// way from there to whomever it is about.
type AreaRequest struct {
	ID         string     `json:"id"`
	TeamID     int64      `json:"team_id"`
	Team       string     `json:"team"`
	Body       string     `json:"body"`
	Due        time.Time  `json:"due"`
	State      string     `json:"state" enum:"open,answered"`
	Answer     string     `json:"answer"`
	AnsweredBy string     `json:"answered_by"`
	AnsweredAt *time.Time `json:"answered_at"`
}

func areaRequest(r ombudsman.Request) AreaRequest {
	return AreaRequest{r.ID, r.TeamID, r.Team, r.Body, r.Due, r.State, r.Answer, r.AnsweredBy, r.AnsweredAt}
}

// list handles GET /api/area-requests.
func (h areaRoutes) list(ctx context.Context, who access.Actor, _ *none) (Items[AreaRequest], error) {
	all, err := h.requests.AreaRequests(ctx, who)
	return itemsOf(all, areaRequest), err
}

type answerArea struct {
	Request string `path:"request" maxLength:"60"`
	Body    struct {
		Answer string `json:"answer" minLength:"1" maxLength:"10000"`
	}
}

// answer handles POST /api/area-requests/{request}/answer.
func (h areaRoutes) answer(ctx context.Context, who access.Actor, in *answerArea) (AreaRequest, error) {
	r, err := h.requests.AnswerArea(ctx, who, in.Request, in.Body.Answer)
	return areaRequest(r), err
}
