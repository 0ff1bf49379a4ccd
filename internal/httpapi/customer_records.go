package httpapi

import (
	"context"
	"errors"

	"github.com/gofiber/fiber/v2"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/customer"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/i18n"
)

// customerKeeper is what these handlers need from package desk, and no more.
type customerKeeper interface {
	UpsertCustomer(ctx context.Context, actor access.Actor, r customer.Record) (customer.Upserted, error)
	MergeCustomers(ctx context.Context, actor access.Actor, from, into int64, reason string) (int64, error)
	UnmergeCustomers(ctx context.Context, actor access.Actor, mergeID int64) error
	KeepApart(ctx context.Context, actor access.Actor, a, b int64) error
}

// recordRoutes are the calls that keep who the customers are: records that other
// systems send, and two records that are one person.
type recordRoutes struct {
	*Server
	customers customerRoutes
	keeper    customerKeeper
}

type customerRecord struct {
	Source     string `path:"source" maxLength:"60" doc:"The system that the record comes from, such as crm"`
	ExternalID string `path:"external_id" maxLength:"200" doc:"What the customer is called there"`
	Body       struct {
		Name          string          `json:"name" minLength:"1" maxLength:"200"`
		PreferredName string          `json:"preferred_name,omitempty" maxLength:"200"`
		LegalPriority int             `json:"legal_priority,omitempty" minimum:"0" maximum:"3" doc:"0 none, 1 Lei 10.048/2000, 2 over 60, 3 over 80"`
		Contract      string          `json:"contract,omitempty" maxLength:"100"`
		Products      []string        `json:"products,omitempty" maxItems:"50"`
		Identities    []GivenIdentity `json:"identities,omitempty" maxItems:"20"`
	}
}

// GivenIdentity is an identity in any spelling.
type GivenIdentity struct {
	Kind     string `json:"kind" enum:"email,phone,cpf,cnpj"`
	Value    string `json:"value" minLength:"1" maxLength:"254"`
	Verified bool   `json:"verified,omitempty" doc:"The system has proof that it is the customer's"`
}

// KeptCustomer answers a record that was kept.
type KeptCustomer struct {
	ID        int64              `json:"id"`
	Created   bool               `json:"created"`
	Joined    []int64            `json:"joined" doc:"Customers who turned out to be this one"`
	Conflicts []IdentityConflict `json:"conflicts" doc:"Identities that are another customer's and stayed there"`
}

// IdentityConflict is an identity that another customer has.
type IdentityConflict struct {
	Kind        string `json:"kind"`
	ValueMasked string `json:"value_masked"`
	Verified    bool   `json:"verified" doc:"The other one has proof of it"`
}

// keep handles PUT /api/customers/by/{source}/{external_id}.
func (h recordRoutes) keep(ctx context.Context, who access.Actor, in *customerRecord) (KeptCustomer, error) {
	b := in.Body
	r := customer.Record{
		Source: in.Source, ExternalID: in.ExternalID, Name: b.Name, PreferredName: b.PreferredName,
		LegalPriority: customer.LegalPriority(b.LegalPriority), Contract: b.Contract, Products: b.Products,
	}
	for _, g := range b.Identities {
		r.Identities = append(r.Identities, customer.Given{Kind: channel.IdentityKind(g.Kind), Value: g.Value, Verified: g.Verified})
	}
	u, err := h.keeper.UpsertCustomer(ctx, who, r)
	if err != nil {
		return KeptCustomer{}, err
	}
	kept := KeptCustomer{ID: u.ID, Created: u.Created, Joined: u.Emptied, Conflicts: itemsOf(u.Conflicts, conflictBody).Items}
	if kept.Joined == nil {
		kept.Joined = []int64{}
	}
	return kept, nil
}

func conflictBody(c customer.Conflict) IdentityConflict {
	masked := customer.Identity{Kind: c.Identity.Kind, Value: c.Identity.Value}.Mask()
	return IdentityConflict{string(c.Identity.Kind), masked, c.Verified}
}

// ImportedCustomers answers a file of records: what was kept, and the lines that
// were not.
type ImportedCustomers struct {
	Lines   int          `json:"lines"`
	Created int          `json:"created"`
	Updated int          `json:"updated"`
	Failed  int          `json:"failed"`
	Errors  []LineError  `json:"errors" doc:"The first two hundred"`
	Stopped *LineProblem `json:"stopped" doc:"What kept the rest of the file from being read"`
}

// LineError is a line that was left out.
type LineError struct {
	Line     int           `json:"line"`
	Problems []LineProblem `json:"problems"`
}

// LineProblem is one thing that is wrong with a line.
type LineProblem struct {
	Column string `json:"column"`
	Text   string `json:"text"`
}

// shownErrors bounds the answer; the counts are of all.
const shownErrors = 200

// importFile handles POST /api/customers/import: a CSV file and the source that
// its records are of. Each line is kept by itself, so a file may be sent again.
func (h recordRoutes) importFile(c *fiber.Ctx) error {
	ctx := c.UserContext()
	f, err := readForm(c, "source")
	if err != nil {
		return err
	}
	if len(f.files) != 1 {
		return errFiles.Field("body.files", "exactly_one")
	}
	file, err := f.files[0].Open()
	if err != nil {
		return err
	}
	defer file.Close()
	lines, err := customer.ReadCSV(file, f.values["source"])
	if err != nil {
		return err
	}
	lang := requestOf(ctx).lang
	done := ImportedCustomers{Errors: []LineError{}}
	for l := range lines {
		done.Lines++
		var u customer.Upserted
		if l.Err == nil {
			u, l.Err = h.keeper.UpsertCustomer(ctx, actorOf(ctx), l.Record)
		}
		switch {
		case l.Err == nil && u.Created:
			done.Created++
		case l.Err == nil:
			done.Updated++
		case fault.From(l.Err).Kind == fault.Internal || ctx.Err() != nil:
			return errors.Join(ctx.Err(), l.Err) // the lines before are kept, and come again unchanged
		default:
			done.Failed++
			if len(done.Errors) < shownErrors {
				done.Errors = append(done.Errors, LineError{l.Number, problemsOf(lang, l.Err)})
			}
		}
	}
	return send(c, fiber.StatusOK, done)
}

func problemsOf(lang string, err error) []LineProblem {
	f := fault.From(err)
	if len(f.Details) == 0 {
		return []LineProblem{{Text: i18n.Text(lang, "error."+f.Code, f.Args)}}
	}
	all := make([]LineProblem, len(f.Details))
	for i, d := range f.Details {
		all[i] = LineProblem{d.Field, i18n.Text(lang, "field."+d.Code, d.Args)}
	}
	return all
}

// CustomerSuggestions are records that may be the same person.
type CustomerSuggestions struct {
	Items []CustomerSuggestion `json:"items"`
}

// CustomerSuggestion is a hint, never a fact.
type CustomerSuggestion struct {
	ID     int64    `json:"id"`
	Name   string   `json:"name"`
	Why    string   `json:"why" enum:"claimed,name"`
	Shared Identity `json:"shared"`
}

// suggest handles GET /api/customers/{id}/suggestions.
func (h recordRoutes) suggest(ctx context.Context, who access.Actor, in *ByID) (CustomerSuggestions, error) {
	id, err := h.seen(ctx, who, in.ID)
	if err != nil {
		return CustomerSuggestions{}, err
	}
	found, err := customer.Suggest(ctx, h.customers.db, who, id)
	return CustomerSuggestions{itemsOf(found, func(s customer.Suggestion) CustomerSuggestion {
		return CustomerSuggestion{s.ID, s.Name, s.Why, Identity{string(s.Shared.Kind), s.Shared.Mask(), s.Shared.Verified}}
	}).Items}, err
}

// seen is the id of a customer whom the actor may know of.
func (h recordRoutes) seen(ctx context.Context, who access.Actor, raw string) (int64, error) {
	id, err := pathID(raw, customer.ErrNotFound)
	if err != nil {
		return 0, err
	}
	_, err = h.customers.get(ctx, who, &ByID{ID: raw})
	return id, err
}

func (h recordRoutes) seenID(ctx context.Context, who access.Actor, id int64) error {
	c, err := h.customers.body(ctx, who, id)
	if err == nil && len(c.Recent) == 0 {
		err = customer.ErrNotFound
	}
	return err
}

type mergeInput struct {
	ByID
	Body struct {
		From   int64  `json:"from" minimum:"1" doc:"The record that turns out to be this customer"`
		Reason string `json:"reason" minLength:"1" maxLength:"1000"`
	}
}

// MergedCustomers answers a merge; the id takes it back.
type MergedCustomers struct {
	MergeID int64 `json:"merge_id"`
}

// merge handles POST /api/customers/{id}/merge.
func (h recordRoutes) merge(ctx context.Context, who access.Actor, in *mergeInput) (MergedCustomers, error) {
	into, err := h.seen(ctx, who, in.ID)
	if err == nil {
		err = h.seenID(ctx, who, in.Body.From)
	}
	if err != nil {
		return MergedCustomers{}, err
	}
	id, err := h.keeper.MergeCustomers(ctx, who, in.Body.From, into, in.Body.Reason)
	return MergedCustomers{id}, err
}

// unmerge handles POST /api/customers/merges/{id}/undo.
func (h recordRoutes) unmerge(ctx context.Context, who access.Actor, in *ByID) error {
	id, err := pathID(in.ID, customer.ErrNotFound)
	if err != nil {
		return err
	}
	var into int64
	err = h.customers.db.Gorm.WithContext(ctx).Raw(`SELECT into_id FROM customer_merges WHERE id = ?`, id).Scan(&into).Error
	if err == nil {
		err = h.seenID(ctx, who, into)
	}
	if err != nil {
		return err
	}
	return h.keeper.UnmergeCustomers(ctx, who, id)
}

type apartInput struct {
	ByID
	Body struct {
		Other int64 `json:"other" minimum:"1"`
	}
}

// apart handles POST /api/customers/{id}/apart.
func (h recordRoutes) apart(ctx context.Context, who access.Actor, in *apartInput) error {
	id, err := h.seen(ctx, who, in.ID)
	if err == nil {
		err = h.seenID(ctx, who, in.Body.Other)
	}
	if err != nil {
		return err
	}
	return h.keeper.KeepApart(ctx, who, id, in.Body.Other)
}
