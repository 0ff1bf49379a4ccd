package httpapi

import (
	"context"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/form"
)

// formRoutes are what the staff does with the forms that customers fill in.
type formRoutes struct{ portalRoutes }

// Form is what customers are asked under one address.
type Form struct {
	ID        int64     `json:"id"`
	Slug      string    `json:"slug" example:"troca-e-devolucao"`
	URL       string    `json:"url" doc:"Where customers find it"`
	Version   int       `json:"version"`
	Active    bool      `json:"active" doc:"Others are drafts, which customers do not see"`
	UpdatedAt time.Time `json:"updated_at"`
	FormParts
}

// FormParts are what a version of a form holds.
type FormParts struct {
	Name    string      `json:"name" maxLength:"100"`
	Intro   string      `json:"intro" required:"false" maxLength:"1000"`
	BrandID int64       `json:"brand_id" required:"false" minimum:"0" doc:"0 is the default brand"`
	TeamID  int64       `json:"team_id" required:"false" minimum:"0" doc:"0 is the default team"`
	Kinds   []string    `json:"kinds" minItems:"1" maxItems:"10" doc:"One is given to every demand; of several the customer chooses"`
	Fields  []FormField `json:"fields" required:"false" maxItems:"40"`
	Sites   []string    `json:"sites" required:"false" maxItems:"20" doc:"Origins whose pages may show the form in a frame"`
}

// FormField is one question.
type FormField struct {
	Key        string         `json:"key" maxLength:"40" example:"pedido"`
	Type       string         `json:"type" enum:"text,long_text,email,phone,cpf,cnpj,cpf_or_cnpj,nfe,date,number,money,select,radio,checkboxes,reason,file,consent"`
	Label      string         `json:"label" maxLength:"100"`
	Help       string         `json:"help" required:"false" maxLength:"1000"`
	Required   bool           `json:"required" required:"false"`
	Options    []string       `json:"options" required:"false" maxItems:"60"`
	Show       *FormCondition `json:"show" required:"false" doc:"Asked only when an earlier answer is like this; null is always"`
	Means      string         `json:"means" required:"false" enum:",name,email,phone,document,subject,body" doc:"Which part of the ticket the answer becomes; without it, one of its fields"`
	Purpose    string         `json:"purpose" required:"false" maxLength:"200" doc:"Why a personal answer is asked for"`
	LegalBasis string         `json:"legal_basis" required:"false" enum:",consent,legal_obligation,contract,rights,legitimate_interest,credit" doc:"LGPD, art. 7"`
}

// FormCondition compares the answer to an earlier question.
type FormCondition struct {
	Field string `json:"field" maxLength:"40"`
	Is    string `json:"is" enum:"equals,differs,contains,filled,missing"`
	Value string `json:"value" required:"false" maxLength:"120"`
}

func (h formRoutes) body(f form.Form) Form {
	return Form{f.ID, f.Slug, h.formURL(f.Slug), f.Version, f.Active, f.UpdatedAt, partsBody(f.Definition)}
}

func (s *Server) formURL(slug string) string {
	return s.absolute("/abrir/" + slug)
}

func partsBody(d form.Definition) FormParts {
	parts := FormParts{Name: d.Name, Intro: d.Intro, BrandID: d.BrandID, TeamID: d.TeamID, Kinds: d.Kinds,
		Fields: make([]FormField, len(d.Fields)), Sites: append([]string{}, d.Sites...)}
	for i, f := range d.Fields {
		parts.Fields[i] = FormField{Key: f.Key, Type: string(f.Type), Label: f.Label, Help: f.Help, Required: f.Required,
			Options: append([]string{}, f.Options...), Means: string(f.Means), Purpose: f.Purpose, LegalBasis: f.LegalBasis}
		if c := f.Show; c != nil {
			parts.Fields[i].Show = &FormCondition{c.Field, string(c.Is), c.Value}
		}
	}
	return parts
}

func (p FormParts) definition() form.Definition {
	d := form.Definition{Name: p.Name, Intro: p.Intro, BrandID: p.BrandID, TeamID: p.TeamID, Kinds: p.Kinds, Sites: p.Sites,
		Fields: make([]form.Field, len(p.Fields))}
	for i, f := range p.Fields {
		d.Fields[i] = form.Field{Key: f.Key, Type: form.Type(f.Type), Label: f.Label, Help: f.Help, Required: f.Required,
			Options: f.Options, Means: form.Meaning(f.Means), Purpose: f.Purpose, LegalBasis: f.LegalBasis}
		if c := f.Show; c != nil {
			d.Fields[i].Show = &form.Condition{Field: c.Field, Is: form.Operator(c.Is), Value: c.Value}
		}
	}
	return d
}

// list handles GET /api/forms.
func (h formRoutes) list(ctx context.Context, _ access.Actor, _ *none) (Items[Form], error) {
	all, err := form.List(ctx, h.db)
	return itemsOf(all, h.body), err
}

// get handles GET /api/forms/{id}.
func (h formRoutes) get(ctx context.Context, _ access.Actor, in *ByID) (Form, error) {
	id, err := pathID(in.ID, form.ErrNotFound)
	if err != nil {
		return Form{}, err
	}
	f, err := form.ByID(ctx, h.db, id)
	return h.body(f), err
}

type newForm struct {
	Body struct {
		Slug   string `json:"slug" minLength:"1" maxLength:"40"`
		Active bool   `json:"active" required:"false"`
		FormParts
	}
}

// create handles POST /api/forms.
func (h formRoutes) create(ctx context.Context, who access.Actor, in *newForm) (Form, error) {
	f, err := form.Create(ctx, h.db, who.AccountID, in.Body.Slug, in.Body.Active, in.Body.definition())
	return h.body(f), err
}

type patchForm struct {
	ByID
	Body struct {
		Version int `json:"version" minimum:"1" doc:"The version that was changed: another one by now is version_conflict"`
		// What a version holds, each part of it optional: what is not sent stays.
		Active  *bool        `json:"active,omitempty"`
		Name    *string      `json:"name,omitempty" maxLength:"100"`
		Intro   *string      `json:"intro,omitempty" maxLength:"1000"`
		BrandID *int64       `json:"brand_id,omitempty" minimum:"0"`
		TeamID  *int64       `json:"team_id,omitempty" minimum:"0"`
		Kinds   *[]string    `json:"kinds,omitempty" minItems:"1" maxItems:"10"`
		Fields  *[]FormField `json:"fields,omitempty" maxItems:"40"`
		Sites   *[]string    `json:"sites,omitempty" maxItems:"20"`
	}
}

// change handles PATCH /api/forms/{id}.
func (h formRoutes) change(ctx context.Context, who access.Actor, in *patchForm) (Form, error) {
	id, err := pathID(in.ID, form.ErrNotFound)
	if err != nil {
		return Form{}, err
	}
	now, err := form.ByID(ctx, h.db, id)
	if err != nil {
		return Form{}, err
	}
	b, parts := in.Body, partsBody(now.Definition)
	change := form.Change{Version: b.Version, Active: b.Active}
	touched := set(&parts.Name, b.Name)
	touched = set(&parts.Intro, b.Intro) || touched
	touched = set(&parts.BrandID, b.BrandID) || touched
	touched = set(&parts.TeamID, b.TeamID) || touched
	touched = set(&parts.Kinds, b.Kinds) || touched
	touched = set(&parts.Fields, b.Fields) || touched
	touched = set(&parts.Sites, b.Sites) || touched
	if touched {
		next := parts.definition()
		change.Definition = &next
	}
	f, err := form.Update(ctx, h.db, who.AccountID, id, change)
	return h.body(f), err
}

// set takes a new value where one was sent.
func set[T any](to, sent *T) bool {
	if sent != nil {
		*to = *sent
	}
	return sent != nil
}

type previewForm struct {
	Body struct {
		FormParts
		Lang string `json:"lang,omitempty" enum:"pt-BR,en,es"`
	}
}

// FormPreview is a form as customers would see it.
type FormPreview struct {
	HTML string `json:"html" doc:"The whole page; it sends nothing"`
}

// preview handles POST /api/forms/preview. A definition with faults is refused
// like a stored one, so that the builder names them while one types.
func (h formRoutes) preview(ctx context.Context, _ access.Actor, in *previewForm) (FormPreview, error) {
	d, err := in.Body.definition().Check()
	if err != nil {
		return FormPreview{}, err
	}
	page, err := h.previewed(ctx, d, in.Body.Lang)
	return FormPreview{string(page)}, err
}

// Answered is one answer to a form, as the customer saw the question.
type Answered struct {
	Label string `json:"label"`
	Value string `json:"value"`
	Type  string `json:"type" doc:"Of the form's field; empty when no form is known"`
}

// answersOf puts a ticket's fields into the order in which its form asked them.
func answersOf(ctx context.Context, db *gorm.DB, ticketID int64, fields map[string]string) ([]Answered, error) {
	answers := []Answered{}
	if len(fields) == 0 {
		return answers, nil
	}
	f, err := form.OfTicket(ctx, db, ticketID)
	if err != nil {
		return nil, err
	}
	left := maps.Clone(fields)
	for _, q := range f.Fields {
		if value, ok := left[q.Label]; ok {
			answers = append(answers, Answered{q.Label, value, string(q.Type)})
			delete(left, q.Label)
		}
	}
	for _, label := range slices.Sorted(maps.Keys(left)) {
		answers = append(answers, Answered{Label: label, Value: left[label]})
	}
	return answers, nil
}
