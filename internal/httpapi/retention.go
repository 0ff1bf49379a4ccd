package httpapi

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/retention"
)

type retentionRoutes struct {
	keeper *retention.Service
}

// Hold keeps a ticket, or all that is a customer's, from being purged.
type Hold struct {
	ID           int64      `json:"id"`
	TicketID     *int64     `json:"ticket_id" doc:"Exactly one of ticket_id and customer_id"`
	Protocol     string     `json:"protocol"`
	CustomerID   *int64     `json:"customer_id"`
	CustomerName string     `json:"customer_name"`
	Reason       string     `json:"reason"`
	By           int64      `json:"by"`
	Since        time.Time  `json:"since"`
	LiftedBy     *int64     `json:"lifted_by"`
	LiftedAt     *time.Time `json:"lifted_at"`
	LiftedWhy    string     `json:"lifted_why"`
}

func holdBody(h retention.Hold) Hold {
	return Hold{h.ID, h.TicketID, h.Protocol, h.CustomerID, h.CustomerName, h.Reason, h.By, h.Since, h.LiftedBy, h.LiftedAt, h.LiftedWhy}
}

// KeptBy is one rule by which something is kept.
type KeptBy struct {
	Name     string     `json:"name"`
	LegalRef string     `json:"legal_ref"`
	Evidence string     `json:"evidence" enum:"own,read,secondary,unconfirmed"`
	Since    string     `json:"since" enum:"opened,resolved,last_contact,attended" doc:"What its term counts from"`
	Amount   int        `json:"amount"`
	Unit     string     `json:"unit" enum:"days,months,years"`
	From     *time.Time `json:"from" doc:"When that happened; null while it has not"`
	Until    *string    `json:"until" doc:"The last day on which it keeps; null with from"`
}

// KeptPart is a part of a ticket, and until when it is kept.
type KeptPart struct {
	Part       string   `json:"part" enum:"record,recordings,files,originals"`
	Count      int      `json:"count"`
	Until      *string  `json:"until" doc:"The last day on which it has to be kept; null when there is none yet"`
	WithRecord bool     `json:"with_record" doc:"Kept as long as the record, because no rule is about it alone"`
	Asked      bool     `json:"asked" doc:"Somebody waits for a copy: it is kept until they have it"`
	Rules      []KeptBy `json:"rules" doc:"That apply, the one that decides first; none keeps it for good"`
}

// TicketRetention is what is kept of a ticket until when.
type TicketRetention struct {
	Open    bool       `json:"open" doc:"Not resolved: what counts from that does not count yet"`
	Purging bool       `json:"purging" doc:"Whether anything is purged at all"`
	MayHold bool       `json:"may_hold"`
	Parts   []KeptPart `json:"parts"`
	Holds   []Hold     `json:"holds" doc:"That keep it now, whatever the rules say"`
}

func dayOrNull(d *brazil.Date) *string {
	if d == nil {
		return nil
	}
	text := d.String()
	return &text
}

func keptByBody(k retention.Kept) KeptBy {
	r := k.Rule
	return KeptBy{r.Name, r.LegalRef, r.Evidence, string(r.Since), r.Term.Amount, string(r.Term.Unit), k.From, dayOrNull(k.Until)}
}

// ofTicket handles GET /api/tickets/{ticket}/retention.
func (h retentionRoutes) ofTicket(ctx context.Context, who access.Actor, in *TicketRef) (TicketRetention, error) {
	is, err := h.keeper.Of(ctx, who, in.Ticket)
	if err != nil {
		return TicketRetention{}, err
	}
	return TicketRetention{is.Open, is.Purging, who.May(access.HoldRecords), itemsOf(is.Parts, func(p retention.Part) KeptPart {
		return KeptPart{string(p.Name), p.Count, dayOrNull(p.Until), p.WithRecord, p.Asked, itemsOf(p.Rules, keptByBody).Items}
	}).Items, itemsOf(is.Holds, holdBody).Items}, nil
}

type holdTicket struct {
	TicketRef
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500"`
	}
}

// holdTicket handles POST /api/tickets/{ticket}/retention/holds.
func (h retentionRoutes) holdTicket(ctx context.Context, who access.Actor, in *holdTicket) (Hold, error) {
	is, err := h.keeper.HoldTicket(ctx, who, in.Ticket, in.Body.Reason)
	return holdBody(is), err
}

type holdCustomer struct {
	Body struct {
		CustomerID int64  `json:"customer_id" minimum:"1"`
		Reason     string `json:"reason" minLength:"1" maxLength:"500"`
	}
}

// holdCustomer handles POST /api/retention/holds.
func (h retentionRoutes) holdCustomer(ctx context.Context, who access.Actor, in *holdCustomer) (Hold, error) {
	is, err := h.keeper.HoldCustomer(ctx, who, in.Body.CustomerID, in.Body.Reason)
	return holdBody(is), err
}

type listHolds struct {
	Lifted bool `query:"lifted" doc:"Also those that were lifted"`
}

// holds handles GET /api/retention/holds.
func (h retentionRoutes) holds(ctx context.Context, who access.Actor, in *listHolds) (Items[Hold], error) {
	all, err := h.keeper.Holds(ctx, who, in.Lifted)
	return itemsOf(all, holdBody), err
}

type liftHold struct {
	ByID
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500"`
	}
}

// lift handles POST /api/retention/holds/{id}/lift.
func (h retentionRoutes) lift(ctx context.Context, who access.Actor, in *liftHold) (Hold, error) {
	id, err := pathID(in.ID, retention.ErrNoHold)
	if err != nil {
		return Hold{}, err
	}
	is, err := h.keeper.Lift(ctx, who, id, in.Body.Reason)
	return holdBody(is), err
}

// RetentionTerms is what can be said of a rule. An empty condition is for all.
type RetentionTerms struct {
	Name     string   `json:"name" minLength:"1" maxLength:"100"`
	Subject  string   `json:"subject" enum:"record,recording,original,stray,import" doc:"Cannot be changed"`
	Since    string   `json:"since" enum:"opened,resolved,last_contact,attended"`
	Amount   int      `json:"amount" minimum:"1" maximum:"36500"`
	Unit     string   `json:"unit" enum:"days,months,years"`
	RegimeID *int64   `json:"regime_id,omitempty" minimum:"1" doc:"For tickets that have a deadline of this regime; null for all"`
	Channels []string `json:"channels,omitempty" maxItems:"10" enum:"phone,webform,email,ombudsman"`
	Kinds    []string `json:"kinds,omitempty" maxItems:"20" enum:"informacao,duvida,reclamacao,contestacao,suspensao,cancelamento,solicitacao,elogio,sugestao,denuncia"`
	Walled   *bool    `json:"walled,omitempty" doc:"For one side of the ombudsman's wall; null for both"`
	LegalRef string   `json:"legal_ref,omitempty" maxLength:"500"`
	Evidence string   `json:"evidence" enum:"own,read,secondary,unconfirmed"`
	Source   string   `json:"source,omitempty" maxLength:"500"`
	Note     string   `json:"note,omitempty" maxLength:"500"`
	Active   bool     `json:"active"`
}

// RetentionRule says how long something has to be kept, by which norm.
type RetentionRule struct {
	ID  int64  `json:"id"`
	Key string `json:"key"`
	RetentionTerms
	Version   int       `json:"version"`
	UpdatedAt time.Time `json:"updated_at"`
	UpdatedBy *int64    `json:"updated_by"`
}

func retentionRuleBody(r retention.Rule) RetentionRule {
	return RetentionRule{ID: r.ID, Key: r.Key, Version: r.Version, UpdatedAt: r.UpdatedAt, UpdatedBy: r.UpdatedBy, RetentionTerms: RetentionTerms{
		Name: r.Name, Subject: string(r.Subject), Since: string(r.Since), Amount: r.Term.Amount, Unit: string(r.Term.Unit), RegimeID: r.RegimeID,
		Channels: some(r.Channels), Kinds: some(r.Kinds), Walled: r.Walled, LegalRef: r.LegalRef, Evidence: r.Evidence, Source: r.Source,
		Note: r.Note, Active: r.Active}}
}

func (b RetentionTerms) rule(id int64, version int) retention.Rule {
	return retention.Rule{ID: id, Version: version, Name: b.Name, Subject: retention.Subject(b.Subject), Since: retention.Since(b.Since),
		Term: retention.Term{Amount: b.Amount, Unit: retention.Unit(b.Unit)}, RegimeID: b.RegimeID, Channels: b.Channels, Kinds: b.Kinds,
		Walled: b.Walled, LegalRef: b.LegalRef, Evidence: b.Evidence, Source: b.Source, Note: b.Note, Active: b.Active}
}

// RetentionRules are all rules, and whether anything is purged by them.
type RetentionRules struct {
	Purging    bool            `json:"purging"`
	SwitchedBy *int64          `json:"switched_by"`
	SwitchedAt *time.Time      `json:"switched_at"`
	Items      []RetentionRule `json:"items"`
}

// rules handles GET /api/retention/rules.
func (h retentionRoutes) rules(ctx context.Context, _ access.Actor, _ *none) (RetentionRules, error) {
	is, err := h.keeper.Settings(ctx)
	if err != nil {
		return RetentionRules{}, err
	}
	all, err := h.keeper.Rules(ctx)
	return RetentionRules{is.Purging, is.SwitchedBy, is.SwitchedAt, itemsOf(all, retentionRuleBody).Items}, err
}

// RetentionInstance is a record whose time is over, and what it comes to.
type RetentionInstance struct {
	Fate     string    `json:"fate" enum:"goes,held,waiting"`
	Protocol string    `json:"protocol"`
	EndedAt  time.Time `json:"ended_at"`
	Until    string    `json:"until" doc:"The last day on which it has to be kept"`
	Rule     string    `json:"rule" doc:"The rule that decided"`
}

// RetentionEffect is what would go now, of what the asker may see.
type RetentionEffect struct {
	Records    int                 `json:"records"`
	Oldest     *time.Time          `json:"oldest" doc:"When the record was opened that would go first"`
	Recordings int                 `json:"recordings"`
	Originals  int                 `json:"originals"`
	Strays     int                 `json:"strays"`
	Imports    int                 `json:"imports" doc:"Files that were imported"`
	Held       int                 `json:"held" doc:"Records whose time is over and that a hold keeps"`
	Waiting    int                 `json:"waiting" doc:"Records whose time is over and of which something still has to happen"`
	Shown      []RetentionInstance `json:"shown" doc:"The first records of each fate, at most twenty of each"`
	Seen       string              `json:"seen" doc:"To be sent with what was looked at; nothing is done when it is not so any more"`
}

func effectOfRules(e retention.Effect) RetentionEffect {
	return RetentionEffect{e.Records, e.Oldest, e.Recordings, e.Originals, e.Strays, e.Imports, e.Held, e.Waiting,
		itemsOf(e.Shown, func(i retention.Instance) RetentionInstance {
			return RetentionInstance{string(i.Fate), i.Protocol, i.Ended, i.Kept.String(), i.Rule}
		}).Items, e.Seen}
}

type previewRetention struct {
	Body struct {
		ID   int64           `json:"id,omitempty" minimum:"0" doc:"Of the rule; 0 for a new one"`
		Rule *RetentionTerms `json:"rule,omitempty" doc:"As it would be; without it, the rules as they are"`
	}
}

// preview handles POST /api/retention/preview.
func (h retentionRoutes) preview(ctx context.Context, who access.Actor, in *previewRetention) (RetentionEffect, error) {
	var change *retention.Rule
	if in.Body.Rule != nil {
		r := in.Body.Rule.rule(in.Body.ID, 0)
		change = &r
	}
	e, err := h.keeper.Preview(ctx, who, change)
	return effectOfRules(e), err
}

type putRetentionRule struct {
	ByID
	Body struct {
		Rule    RetentionTerms `json:"rule"`
		Version int            `json:"version" minimum:"1" doc:"The one before its author's eyes"`
		Seen    string         `json:"seen" maxLength:"100" doc:"Of the preview of this change"`
	}
}

// changeRule handles PUT /api/retention/rules/{id}.
func (h retentionRoutes) changeRule(ctx context.Context, who access.Actor, in *putRetentionRule) (RetentionRule, error) {
	id, err := pathID(in.ID, retention.ErrNoRule)
	if err != nil {
		return RetentionRule{}, err
	}
	r, err := h.keeper.PutRule(ctx, who, in.Body.Rule.rule(id, in.Body.Version), in.Body.Seen)
	return retentionRuleBody(r), err
}

type newRetentionRule struct {
	Body struct {
		Rule RetentionTerms `json:"rule"`
		Seen string         `json:"seen" maxLength:"100" doc:"Of the preview of this change"`
	}
}

// addRule handles POST /api/retention/rules.
func (h retentionRoutes) addRule(ctx context.Context, who access.Actor, in *newRetentionRule) (RetentionRule, error) {
	r, err := h.keeper.PutRule(ctx, who, in.Body.Rule.rule(0, 0), in.Body.Seen)
	return retentionRuleBody(r), err
}

type switchPurging struct {
	Body struct {
		On   bool   `json:"on"`
		Seen string `json:"seen,omitempty" maxLength:"100" doc:"Of the preview; needed to switch it on"`
	}
}

// RetentionSwitch is whether anything is purged at all.
type RetentionSwitch struct {
	Purging    bool       `json:"purging"`
	SwitchedBy *int64     `json:"switched_by"`
	SwitchedAt *time.Time `json:"switched_at"`
}

// purging handles PUT /api/retention/purging.
func (h retentionRoutes) purging(ctx context.Context, who access.Actor, in *switchPurging) (RetentionSwitch, error) {
	is, err := h.keeper.Switch(ctx, who, in.Body.On, in.Body.Seen)
	return RetentionSwitch{is.Purging, is.SwitchedBy, is.SwitchedAt}, err
}

// RetentionRun is one round of purging, as far as its reader may know of it.
type RetentionRun struct {
	ID         int64          `json:"id"`
	AskedBy    *int64         `json:"asked_by" doc:"null for the round of the day"`
	BegunAt    time.Time      `json:"begun_at"`
	FinishedAt *time.Time     `json:"finished_at"`
	Removed    map[string]int `json:"removed" doc:"How many, by subject"`
}

func retentionRunBody(r retention.Run) RetentionRun {
	removed := map[string]int{}
	for subject, n := range r.Removed {
		removed[string(subject)] = n
	}
	return RetentionRun{r.ID, r.AskedBy, r.BegunAt, r.FinishedAt, removed}
}

// runs handles GET /api/retention/runs.
func (h retentionRoutes) runs(ctx context.Context, who access.Actor, _ *none) (Items[RetentionRun], error) {
	all, err := h.keeper.Runs(ctx, who)
	return itemsOf(all, retentionRunBody), err
}

// begin handles POST /api/retention/runs.
func (h retentionRoutes) begin(ctx context.Context, who access.Actor, _ *none) (RetentionRun, error) {
	r, err := h.keeper.Ask(ctx, who)
	return retentionRunBody(r), err
}

// RetentionProof is one removal, with its place in its chain.
type RetentionProof struct {
	Chain   string `json:"chain" enum:"desk,office"`
	Content string `json:"content" doc:"What was removed, by which rule and when: JSON, to the letter"`
	Hash    string `json:"hash" doc:"SHA-256, in hex, of the bytes of the hash before it in its chain followed by content"`
}

// RetentionReport is a round with all its proofs that its reader may see.
type RetentionReport struct {
	RetentionRun
	Proofs []RetentionProof `json:"proofs"`
}

// report handles GET /api/retention/runs/{id}.
func (h retentionRoutes) report(ctx context.Context, who access.Actor, in *ByID) (RetentionReport, error) {
	id, err := pathID(in.ID, retention.ErrNoRun)
	if err != nil {
		return RetentionReport{}, err
	}
	r, proofs, err := h.keeper.Report(ctx, who, id)
	return RetentionReport{retentionRunBody(r), itemsOf(proofs, func(p retention.Proof) RetentionProof {
		return RetentionProof{p.Chain, string(json.RawMessage(p.Content)), hex.EncodeToString(p.Hash)}
	}).Items}, err
}

// RetentionVerified is whether the proofs are all there and as they were written.
type RetentionVerified struct {
	Whole bool   `json:"whole"`
	Chain string `json:"chain" doc:"Of the first proof that is missing or another; empty when whole"`
	Seq   int64  `json:"seq" doc:"Its place in the chain"`
}

// verify handles GET /api/retention/proofs/verified.
func (h retentionRoutes) verify(ctx context.Context, who access.Actor, _ *none) (RetentionVerified, error) {
	v, err := h.keeper.Verify(ctx, who)
	return RetentionVerified(v), err
}
