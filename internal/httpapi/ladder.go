package httpapi

import (
	"context"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/sla"
)

// EscalationRung is one step of a regime's escalation ladder.
type EscalationRung struct {
	Stage  int    `json:"stage" enum:"50,75,90,100" doc:"Per cent of the term that is over; 100 for the deadline"`
	After  int    `json:"after" required:"false" minimum:"0" maximum:"43200" doc:"Minutes past the deadline; 0 at any other stage"`
	Act    string `json:"act" enum:"holder,supervisors,priority,reassign" doc:"Tell who holds it, tell its team's supervisors, make it more urgent by one, take it off who has it"`
	TeamID *int64 `json:"team_id" required:"false" doc:"Where a reassigned ticket goes; null leaves it in its team"`
}

func rungBody(r sla.Rung) EscalationRung {
	return EscalationRung{Stage: r.Stage, After: r.After, Act: string(r.Act), TeamID: r.Team}
}

type putLadder struct {
	ByID
	Body struct {
		Version int              `json:"version" minimum:"1" doc:"The regime's one before its author's eyes"`
		Ladder  []EscalationRung `json:"ladder" maxItems:"12"`
	}
}

// ladder handles PUT /api/regimes/{id}/ladder.
func (h ruleRoutes) ladder(ctx context.Context, who access.Actor, in *putLadder) (Regime, error) {
	id, err := pathID(in.ID, sla.ErrNoRegime)
	if err != nil {
		return Regime{}, err
	}
	ladder := make([]sla.Rung, len(in.Body.Ladder))
	for i, r := range in.Body.Ladder {
		ladder[i] = sla.Rung{Stage: r.Stage, After: r.After, Act: sla.Rise(r.Act), Team: r.TeamID}
	}
	r, err := h.rules.KeepLadder(ctx, who.AccountID, id, in.Body.Version, ladder)
	return regimeBody(r), err
}

// Alert is a running deadline of which the asker was told by its ladder.
type Alert struct {
	TicketID int64     `json:"ticket_id"`
	Protocol string    `json:"protocol"`
	Subject  string    `json:"subject"`
	Clock    string    `json:"clock"`
	Policy   string    `json:"policy"`
	Due      time.Time `json:"due"`
	Stage    int       `json:"stage" doc:"The gravest of which they were told, in per cent"`
	At       time.Time `json:"at" doc:"When they were told"`
}

// alerts handles GET /api/alerts.
func (h ruleRoutes) alerts(ctx context.Context, who access.Actor, _ *none) (Items[Alert], error) {
	all, err := desk.Alerts(ctx, h.db, who)
	return itemsOf(all, func(a desk.Alert) Alert {
		return Alert{a.TicketID, a.Protocol, a.Subject, string(a.Clock), a.Policy, a.Due, a.Stage, a.At}
	}), err
}
