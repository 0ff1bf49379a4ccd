package httpapi

import (
	"context"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/sla"
)

type previewRules struct {
	Body struct {
		Change *struct {
			RegimeID int64        `json:"regime_id,omitempty" minimum:"1" doc:"Of the regime that is changed, or that a new policy is for"`
			Version  int          `json:"version,omitempty" minimum:"1" doc:"Of the regime that is changed"`
			Regime   *RegimeTerms `json:"regime,omitempty"`
			PolicyID int64        `json:"policy_id,omitempty" minimum:"1" doc:"Of the policy that is changed; none for a new one"`
			Policy   *PolicyTerms `json:"policy,omitempty"`
			Remove   int64        `json:"remove,omitempty" minimum:"1" doc:"A policy"`
			Order    []int64      `json:"order,omitempty" maxItems:"200" uniqueItems:"true"`
		} `json:"change,omitempty" doc:"One change, as it would be sent to be made; none asks what is in force"`
		Demand *struct {
			Channel  string    `json:"channel" enum:"phone,webform,email,ombudsman"`
			Kind     string    `json:"kind" enum:"informacao,duvida,reclamacao,contestacao,suspensao,cancelamento,solicitacao,elogio,sugestao,denuncia"`
			Priority int       `json:"priority" minimum:"1" maximum:"4"`
			TeamID   int64     `json:"team_id" required:"false" minimum:"0"`
			Segment  string    `json:"segment" required:"false" maxLength:"30"`
			Walled   bool      `json:"walled" required:"false"`
			Start    time.Time `json:"start" required:"false" doc:"When it is registered; now when left out"`
		} `json:"demand,omitempty" doc:"What would such a demand get, and why?"`
	}
}

// RulesEffect is what a change of rules would do.
type RulesEffect struct {
	Looked int         `json:"looked" doc:"Open tickets that were looked at, of those the asker may see"`
	More   bool        `json:"more" doc:"There are older ones that were not looked at"`
	Clocks int         `json:"clocks" doc:"Clocks that would be other if those tickets were planned anew"`
	First  []ClockTurn `json:"first" doc:"At most twenty of them"`
	Trials []RuleTrial `json:"trials" doc:"What the demand would get: by each regime and kind of clock the first policy that matches"`
}

// ClockTurn is a clock that would be other.
type ClockTurn struct {
	Protocol string     `json:"protocol"`
	Clock    string     `json:"clock"`
	Policy   string     `json:"policy"`
	From     *time.Time `json:"from" doc:"null when there is none now"`
	To       *time.Time `json:"to" doc:"null when there would be none, or it stands still"`
	Standing bool       `json:"standing"`
}

// RuleTrial is how a clock is chosen.
type RuleTrial struct {
	Regime   string       `json:"regime"`
	Evidence string       `json:"evidence" enum:"own,read,secondary,unconfirmed"`
	Clock    string       `json:"clock"`
	PolicyID *int64       `json:"policy_id" doc:"null when none is for the demand"`
	Policy   string       `json:"policy"`
	Why      string       `json:"why" doc:"The conditions that were met; empty when it has none"`
	Due      *time.Time   `json:"due"`
	Passed   []RulePassed `json:"passed"`
}

// RulePassed is a policy that was passed over.
type RulePassed struct {
	PolicyID int64  `json:"policy_id"`
	Policy   string `json:"policy"`
	By       string `json:"by" enum:"channel,kind,priority,team,segment,walled,by_hand,valid,later" doc:"What kept it away; later: an earlier one was taken"`
}

// preview handles POST /api/policies/preview. Nothing is changed by it.
func (h ruleRoutes) preview(ctx context.Context, who access.Actor, in *previewRules) (RulesEffect, error) {
	change, err := in.change()
	if err != nil {
		return RulesEffect{}, err
	}
	var q *sla.Question
	if d := in.Body.Demand; d != nil {
		q = &sla.Question{Start: d.Start, Demand: sla.Demand{Channel: d.Channel, Kind: d.Kind, Priority: d.Priority, Team: d.TeamID, Walled: d.Walled, Segment: d.Segment}}
		if q.Start.IsZero() {
			q.Start = h.now()
		}
		if y := q.Start.Year(); y < 1990 || y > 2100 {
			return RulesEffect{}, errInvalid.Field("body.demand.start", "bad_time")
		}
	}
	e, err := h.rules.Preview(ctx, who.Scope(), who.AccountID, change, q)
	return RulesEffect{e.Looked, e.More, e.Clocks, itemsOf(e.First, turnBody).Items, itemsOf(e.Trials, trialBody).Items}, err
}

func (in *previewRules) change() (*sla.Change, error) {
	b := in.Body.Change
	switch {
	case b == nil && in.Body.Demand == nil:
		return nil, errInvalid.Field("body.change", "required")
	case b == nil:
		return nil, nil
	case b.Regime != nil:
		e, err := b.Regime.edit(b.RegimeID, b.Version)
		return &sla.Change{Regime: &e}, err
	case b.Policy != nil:
		e, err := b.Policy.edit(b.PolicyID, b.RegimeID)
		return &sla.Change{Policy: &e}, err
	}
	return &sla.Change{Remove: b.Remove, Order: b.Order}, nil
}

func turnBody(t sla.Turn) ClockTurn {
	return ClockTurn{t.Protocol, string(t.Clock), t.Policy, t.From, t.To, t.Standing}
}

func trialBody(t sla.Trial) RuleTrial {
	b := RuleTrial{Regime: t.Regime, Evidence: string(t.Evidence), Clock: string(t.Clock), Passed: itemsOf(t.Passed, func(p sla.Passed) RulePassed {
		return RulePassed{p.PolicyID, p.Name, p.By}
	}).Items}
	if c := t.Chosen; c != nil {
		b.PolicyID, b.Policy, b.Why, b.Due = c.PolicyID, c.Policy, c.Why, &c.Due
	}
	return b
}
