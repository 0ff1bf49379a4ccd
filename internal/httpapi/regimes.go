package httpapi

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/sla"
)

type ruleRoutes struct {
	db    *gorm.DB
	rules *sla.Rules
	desk  *desk.Service
	now   func() time.Time

	customers customerRoutes
}

// RegimeTerms is what can be said of a regime.
type RegimeTerms struct {
	Name      string `json:"name" minLength:"1" maxLength:"100"`
	Norm      string `json:"norm" required:"false" maxLength:"500" example:"Decreto 11.034/2022"`
	Evidence  string `json:"evidence" enum:"own,read,secondary,unconfirmed" doc:"How sure it is; what is unconfirmed says so wherever it is shown"`
	Source    string `json:"source" required:"false" maxLength:"500" doc:"Where it was read"`
	Note      string `json:"note" required:"false" maxLength:"500" doc:"What is to be known of its evidence"`
	CheckedBy string `json:"checked_by" required:"false" maxLength:"100" doc:"Who has checked it against the norm; empty for nobody"`
	CheckedOn string `json:"checked_on" required:"false" maxLength:"10" doc:"A date, together with checked_by"`
	Active    bool   `json:"active"`
	Extension int    `json:"extension" required:"false" minimum:"0" maximum:"3660" doc:"By how much a term may be extended once, in its own unit; 0 for never"`
	Cap       *int   `json:"cap" required:"false" minimum:"0" maximum:"100" doc:"How many extensions, in per cent of the month's demands; null for any number"`
}

// Regime is what some norm asks, or what the company promises itself.
type Regime struct {
	ID  int64  `json:"id"`
	Key string `json:"key"`
	RegimeTerms
	Version   int              `json:"version"`
	UpdatedAt time.Time        `json:"updated_at"`
	UpdatedBy *int64           `json:"updated_by"`
	Policies  []SLAPolicy      `json:"policies" doc:"In the order in which they are tried"`
	Ladder    []EscalationRung `json:"ladder" doc:"What is done as its deadlines come near and pass, in order"`
}

// PolicyTerms is what can be said of a policy. An empty condition is for all.
type PolicyTerms struct {
	Name       string   `json:"name" minLength:"1" maxLength:"100"`
	Active     bool     `json:"active"`
	Clock      string   `json:"clock" enum:"first_response,next_response,resolution,legal,acknowledgement,history,duty"`
	Calendar   string   `json:"calendar" minLength:"1" maxLength:"40"`
	Amount     int      `json:"amount" minimum:"1" maximum:"5270000"`
	Unit       string   `json:"unit" enum:"calendar_days,business_days,business_hours,minutes"`
	Roll       bool     `json:"roll" required:"false" doc:"An end on a closed day moves to the next open one"`
	Pauses     bool     `json:"pauses" required:"false" doc:"It stands still while we wait for others"`
	LegalRef   string   `json:"legal_ref" required:"false" maxLength:"500"`
	ByHand     bool     `json:"by_hand" required:"false" doc:"A person starts its clock; no demand gets it by itself"`
	ValidFrom  string   `json:"valid_from" required:"false" maxLength:"10" doc:"The first day on which demands are registered that it is for; empty without a bound"`
	ValidTo    string   `json:"valid_to" required:"false" maxLength:"10" doc:"The last of those days"`
	Channels   []string `json:"channels" required:"false" maxItems:"10" enum:"phone,webform,email,ombudsman"`
	Kinds      []string `json:"kinds" required:"false" maxItems:"20" enum:"informacao,duvida,reclamacao,contestacao,suspensao,cancelamento,solicitacao,elogio,sugestao,denuncia"`
	Priorities []int    `json:"priorities" required:"false" maxItems:"4" uniqueItems:"true"`
	Teams      []int64  `json:"teams" required:"false" maxItems:"100" uniqueItems:"true"`
	Segments   []string `json:"segments" required:"false" maxItems:"50" uniqueItems:"true"`
	Walled     *bool    `json:"walled" required:"false" doc:"Whether it is for what is behind the ombudsman's wall; null for both"`
}

// SLAPolicy is one rule: which demands it is for, and which clock they get.
type SLAPolicy struct {
	ID       int64 `json:"id"`
	RegimeID int64 `json:"regime_id"`
	PolicyTerms
	Replaces *int64 `json:"replaces" doc:"The version before it"`
}

func regimeBody(r sla.Regime) Regime {
	return Regime{ID: r.ID, Key: r.Key, Version: r.Version, UpdatedAt: r.UpdatedAt, UpdatedBy: r.UpdatedBy,
		RegimeTerms: RegimeTerms{Name: r.Name, Norm: r.Norm, Evidence: string(r.Evidence), Source: r.Source, Note: r.Note, CheckedBy: r.CheckedBy,
			CheckedOn: dateText(r.CheckedOn), Active: r.Active, Extension: r.Extension, Cap: r.Cap},
		Policies: itemsOf(r.Policies, policyBody).Items, Ladder: itemsOf(r.Ladder, rungBody).Items}
}

func policyBody(p sla.Listed) SLAPolicy {
	return SLAPolicy{ID: p.ID, RegimeID: p.Regime, Replaces: p.Replaces, PolicyTerms: PolicyTerms{
		Name: p.Name, Active: p.Active, Clock: string(p.Clock), Calendar: p.Calendar, Amount: p.Term.Amount, Unit: string(p.Term.Unit),
		Roll: p.Term.Roll, Pauses: p.Pauses, LegalRef: p.LegalRef, ByHand: p.ByHand, ValidFrom: dateText(p.From), ValidTo: dateText(p.To),
		Channels: some(p.Channels), Kinds: some(p.Kinds), Priorities: some(p.Priorities), Teams: some(p.Teams), Segments: some(p.Segments), Walled: p.Walled}}
}

// some is the list itself, or an empty one where there is none.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func dateText(d brazil.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

// day reads a date that may be left out.
func day(text, field string) (brazil.Date, error) {
	if text == "" {
		return brazil.Date{}, nil
	}
	d, err := brazil.ParseDate(text)
	if err != nil {
		return d, errInvalid.Field(field, "bad_date")
	}
	return d, nil
}

func (b RegimeTerms) edit(id int64, version int) (sla.RegimeEdit, error) {
	on, err := day(b.CheckedOn, "body.regime.checked_on")
	return sla.RegimeEdit{ID: id, Version: version, Name: b.Name, Norm: b.Norm, Evidence: sla.Evidence(b.Evidence), Source: b.Source, Note: b.Note,
		CheckedBy: b.CheckedBy, CheckedOn: on, Active: b.Active, Extension: b.Extension, Cap: b.Cap}, err
}

func (b PolicyTerms) edit(id, regime int64) (sla.PolicyEdit, error) {
	from, err := day(b.ValidFrom, "body.policy.valid_from")
	to, err2 := day(b.ValidTo, "body.policy.valid_to")
	if err == nil {
		err = err2
	}
	return sla.PolicyEdit{Active: b.Active, Policy: sla.Policy{
		ID: id, Regime: regime, Name: b.Name, Channels: b.Channels, Kinds: b.Kinds, Priorities: b.Priorities, Teams: b.Teams, Walled: b.Walled,
		Segments: b.Segments, ByHand: b.ByHand, From: from, To: to, Clock: sla.Kind(b.Clock), Calendar: b.Calendar,
		Term: sla.Term{Amount: b.Amount, Unit: sla.Unit(b.Unit), Roll: b.Roll}, Pauses: b.Pauses, LegalRef: b.LegalRef}}, err
}

// list handles GET /api/regimes.
func (h ruleRoutes) list(ctx context.Context, _ access.Actor, _ *none) (Items[Regime], error) {
	all, err := h.rules.Regimes(ctx)
	return itemsOf(all, regimeBody), err
}

type putRegime struct {
	ByID
	Body struct {
		Regime  RegimeTerms `json:"regime"`
		Version int         `json:"version" minimum:"1" doc:"The one before its author's eyes"`
		Running bool        `json:"running,omitempty" doc:"Plan the open tickets anew, too, soon after; otherwise the change is for new ones and for those whose demand changes"`
	}
}

// change handles PUT /api/regimes/{id}.
func (h ruleRoutes) change(ctx context.Context, who access.Actor, in *putRegime) (Regime, error) {
	id, err := pathID(in.ID, sla.ErrNoRegime)
	if err != nil {
		return Regime{}, err
	}
	e, err := in.Body.Regime.edit(id, in.Body.Version)
	return h.apply(ctx, who, sla.Change{Regime: &e}, in.Body.Running, err)
}

type newRegime struct {
	Body struct {
		Regime RegimeTerms `json:"regime"`
	}
}

// add handles POST /api/regimes.
func (h ruleRoutes) add(ctx context.Context, who access.Actor, in *newRegime) (Regime, error) {
	e, err := in.Body.Regime.edit(0, 0)
	return h.apply(ctx, who, sla.Change{Regime: &e}, false, err)
}

type newPolicy struct {
	Body struct {
		RegimeID int64       `json:"regime_id" minimum:"1"`
		Policy   PolicyTerms `json:"policy"`
		Running  bool        `json:"running,omitempty" doc:"Plan the open tickets anew, too, soon after"`
	}
}

// addPolicy handles POST /api/policies.
func (h ruleRoutes) addPolicy(ctx context.Context, who access.Actor, in *newPolicy) (Regime, error) {
	e, err := in.Body.Policy.edit(0, in.Body.RegimeID)
	return h.apply(ctx, who, sla.Change{Policy: &e}, in.Body.Running, err)
}

type putPolicy struct {
	ByID
	Body struct {
		Policy  PolicyTerms `json:"policy"`
		Running bool        `json:"running,omitempty" doc:"Plan the open tickets anew, too, soon after"`
	}
}

// changePolicy handles PUT /api/policies/{id}. The policy gets a new id: its old
// version stays with the clocks that it has started.
func (h ruleRoutes) changePolicy(ctx context.Context, who access.Actor, in *putPolicy) (Regime, error) {
	id, err := pathID(in.ID, sla.ErrNoPolicy)
	if err != nil {
		return Regime{}, err
	}
	e, err := in.Body.Policy.edit(id, 0)
	return h.apply(ctx, who, sla.Change{Policy: &e}, in.Body.Running, err)
}

type removePolicy struct {
	ByID
	Running bool `query:"running" doc:"Plan the open tickets anew, too, soon after"`
}

// removePolicy handles DELETE /api/policies/{id}.
func (h ruleRoutes) removePolicy(ctx context.Context, who access.Actor, in *removePolicy) error {
	id, err := pathID(in.ID, sla.ErrNoPolicy)
	if err == nil {
		_, err = h.rules.Apply(ctx, who.AccountID, sla.Change{Remove: id}, in.Running)
	}
	return err
}

type orderPolicies struct {
	Body struct {
		Policies []int64 `json:"policies" minItems:"1" maxItems:"200" uniqueItems:"true" doc:"All of one regime, the first to be tried first"`
		Running  bool    `json:"running,omitempty" doc:"Plan the open tickets anew, too, soon after"`
	}
}

// order handles PUT /api/policies/order.
func (h ruleRoutes) order(ctx context.Context, who access.Actor, in *orderPolicies) (Regime, error) {
	return h.apply(ctx, who, sla.Change{Order: in.Body.Policies}, in.Body.Running, nil)
}

func (h ruleRoutes) apply(ctx context.Context, who access.Actor, c sla.Change, running bool, err error) (Regime, error) {
	if err != nil {
		return Regime{}, err
	}
	r, err := h.rules.Apply(ctx, who.AccountID, c, running)
	return regimeBody(r), err
}
