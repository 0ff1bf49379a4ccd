package httpapi

import (
	"context"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/intake"
)

// sources is what these handlers need from package intake, and no more.
type sources interface {
	List(ctx context.Context, walled bool) ([]intake.Health, error)
	ExpectWithin(ctx context.Context, src intake.Source, hours int, walled bool) error
}

type sourceRoutes struct{ sources sources }

// SourceHealth is how a place does from which a channel brings things.
type SourceHealth struct {
	Channel     string     `json:"channel"`
	Name        string     `json:"name" doc:"Empty for the channel as such"`
	LastArrival *time.Time `json:"last_arrival"`
	LastOK      *time.Time `json:"last_ok"`
	LastFailure *time.Time `json:"last_failure"`
	Failure     string     `json:"failure" doc:"Code of what is wrong now, empty when nothing is"`
	Quiet       bool       `json:"quiet" doc:"Nothing has come for longer than usual"`
	QuietSince  *time.Time `json:"quiet_since"`
	QuietAfter  int        `json:"quiet_after" doc:"Business hours of silence that are too long"`
}

// list handles GET /api/intake/sources.
func (h sourceRoutes) list(ctx context.Context, who access.Actor, _ *none) (Items[SourceHealth], error) {
	all, err := h.sources.List(ctx, who.Scope().Walled)
	return itemsOf(all, func(s intake.Health) SourceHealth {
		body := SourceHealth{Channel: string(s.Channel), Name: s.Name, LastArrival: s.LastArrival, LastOK: s.LastOK,
			LastFailure: s.LastFailure, Failure: s.Failure, Quiet: s.Quiet(), QuietAfter: s.QuietAfter}
		if s.Quiet() {
			body.QuietSince = &s.QuietSince
		}
		return body
	}), err
}

type expectInput struct {
	Body struct {
		Channel    string `json:"channel" enum:"phone,webform,email,ombudsman"`
		Name       string `json:"name" maxLength:"300"`
		QuietAfter int    `json:"quiet_after" minimum:"0" maximum:"1000" doc:"Business hours; 0 is the installation's default"`
	}
}

// expect handles PATCH /api/intake/sources.
func (h sourceRoutes) expect(ctx context.Context, who access.Actor, in *expectInput) error {
	b := in.Body
	return h.sources.ExpectWithin(ctx, intake.Source{Channel: channel.Name(b.Channel), Name: b.Name}, b.QuietAfter, who.Scope().Walled)
}
