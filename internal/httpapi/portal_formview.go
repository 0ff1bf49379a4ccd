package httpapi

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/escuta-sac/escuta/internal/channel/webform"
	"github.com/escuta-sac/escuta/internal/form"
	"github.com/escuta-sac/escuta/internal/i18n"
)

// portalForm is a form as its page shows it.
type portalForm struct {
	Intro    string
	Action   string
	Version  int
	Seal     string
	Kinds    []portalOption // none when the form has only one
	Groups   []portalGroup
	Embedded bool   // in a frame of another site's page
	Preview  bool   // sends nothing
	Site     string // the origin of the page around it, checked; empty when there is none
	Data     portalData
}

// portalGroup is a part of a form under one heading.
type portalGroup struct {
	Legend, Hint string // both empty for the form's own questions
	Fields       []*portalQuestion
}

// portalQuestion is one field with what stands in it.
type portalQuestion struct {
	Key, Type, Label, Help string
	Purpose, Basis         string
	When                   string // the condition in words, for whoever has no script
	Value, Error           string
	Required, Half         bool
	Input, Mode, Complete  string // attributes of an input
	Max                    int
	Options                []portalOption
	Sets                   []portalSet // of the tree of reasons
}

type portalOption struct {
	Value, Label string
	Chosen       bool
}

type portalSet struct {
	Label   string
	Options []portalOption
}

// portalData is what the page's script is told. It checks with the same rules,
// in the same words; the server checks again.
type portalData struct {
	Fields   []portalRule      `json:"fields"`
	Words    map[string]string `json:"words"`
	MaxFiles int               `json:"maxFiles"`
	MaxBytes int64             `json:"maxBytes"`
	Work     string            `json:"work"` // the script that solves challenges
	Site     string            `json:"site,omitempty"`
	Preview  bool              `json:"preview,omitempty"`
	Embedded bool              `json:"embedded,omitempty"`
}

type portalRule struct {
	Key      string          `json:"key"`
	Type     string          `json:"type"`
	Required bool            `json:"required,omitempty"`
	Show     *form.Condition `json:"show,omitempty"`
}

// inputs of the types: HTML's type, the keyboard to offer, what a browser may fill in.
var inputKinds = map[form.Type]struct{ input, mode, complete string }{
	form.Text:     {"text", "", ""},
	form.Email:    {"email", "email", "email"},
	form.Phone:    {"tel", "tel", "tel-national"},
	form.CPF:      {"text", "numeric", "off"},
	form.CNPJ:     {"text", "", "off"}, // letters too
	form.Document: {"text", "", "off"},
	form.Invoice:  {"text", "", "off"},
	form.Date:     {"date", "", ""},
	form.Number:   {"text", "decimal", "off"},
	form.Money:    {"text", "decimal", "off"},
}

// wordsOfScript are the texts that the script shows.
var wordsOfScript = []string{
	"field.required", "field.choose", "field.must_agree", "field.email", "field.phone", "field.cpf", "field.cnpj", "field.document",
	"field.nfe", "field.date", "field.number", "field.money", "field.too_long", "field.too_many", "field.file_too_large", "field.file_empty",
	"portal.problem.title", "portal.busy.title", "portal.busy.again", "portal.script.sending", "portal.script.uploading",
	"portal.script.working", "portal.script.offline", "portal.script.copied", "portal.script.choose",
	"portal.script.remove", "portal.script.total",
}

// formView prepares the page of a form.
func (h portalRoutes) formView(ctx context.Context, lang string, f form.Form, with filled) (portalView, error) {
	given, err := h.given(ctx, f.Definition, 0)
	if err != nil {
		return portalView{}, err
	}
	own := f.Slug == "" // the standard form, in our own words
	pf := &portalForm{Intro: f.Intro, Action: "/abrir", Version: f.Version, Seal: with.seal, Embedded: with.embed}
	if slices.Contains(f.Sites, with.site) {
		pf.Site = with.site
	}
	if own {
		pf.Intro = i18n.Text(lang, "portal.open.lead", nil)
	} else {
		pf.Action += "/" + f.Slug
	}
	if with.embed {
		pf.Action += "?embed=1"
	}
	if len(f.Kinds) > 1 {
		for _, kind := range f.Kinds {
			pf.Kinds = append(pf.Kinds, portalOption{kind, i18n.Text(lang, "portal.kind."+kind, nil), kind == with.kind})
		}
	}
	words := portalWords{lang, h.options.TimeZone}
	group := portalGroup{}
	for _, q := range f.Fields {
		if own && q.Means == form.MeansName { // who one is stands apart, and is asked last
			pf.Groups = append(pf.Groups, group)
			group = portalGroup{Legend: words.text("portal.open.who"), Hint: words.text("portal.open.who_hint")}
		}
		group.Fields = append(group.Fields, question(words, f.Definition, q, own, with, given))
		pf.Data.Fields = append(pf.Data.Fields, portalRule{q.Key, string(q.Type), q.Required, q.Show})
	}
	pf.Groups = append(pf.Groups, group)
	pf.Data.MaxFiles, pf.Data.MaxBytes = maxFiles, min(h.options.MaxUpload, maxBody-1<<20)
	pf.Data.Words = map[string]string{}
	for _, key := range wordsOfScript {
		_, short, _ := strings.Cut(key, ".")
		pf.Data.Words[short] = i18n.Text(lang, key, nil)
	}
	v := portalView{Page: "open", Form: pf, BrandID: f.BrandID, Bare: with.embed}
	if !own {
		v.Title = f.Name
	}
	return v, nil
}

// script completes what the script is told, once the page is known.
func (p *portalForm) script(v portalView) {
	p.Data.Work = "/portal/work.js?v=" + v.Version
	p.Data.Site, p.Data.Preview, p.Data.Embedded = p.Site, p.Preview, p.Embedded
	if v.Problem == nil {
		return
	}
	for _, wrong := range v.Problem.Fields {
		for _, g := range p.Groups {
			for _, q := range g.Fields {
				if q.Key == wrong.Name && q.Error == "" {
					q.Error = wrong.Text
				}
			}
		}
	}
}

func question(words portalWords, d form.Definition, q form.Field, own bool, with filled, given form.Given) *portalQuestion {
	kind := inputKinds[q.Type]
	out := &portalQuestion{
		Key: q.Key, Type: string(q.Type), Label: q.Label, Help: q.Help, Purpose: q.Purpose, Required: q.Required,
		Input: kind.input, Mode: kind.mode, Complete: kind.complete, Max: webform.MaxFieldValue, Value: with.answers[q.Key],
	}
	if own {
		out.Label = words.text("portal.field." + q.Key)
		if q.Means == form.MeansBody || q.Type == form.Files {
			out.Help = words.text("portal.open." + q.Key + "_hint")
		}
		out.Half = q.Type == form.Phone || q.Type == form.Document
	}
	if q.LegalBasis != "" {
		out.Basis = words.text("portal.basis." + q.LegalBasis)
	}
	switch q.Means {
	case form.MeansName:
		out.Complete, out.Max = "name", webform.MaxName
	case form.MeansSubject:
		out.Max = webform.MaxSubject
	case form.MeansBody:
		out.Max = webform.MaxBody
	}
	if c := q.Show; c != nil {
		asked := slices.IndexFunc(d.Fields, func(o form.Field) bool { return o.Key == c.Field })
		if asked >= 0 {
			out.When = words.text("portal.when."+string(c.Is), "label", d.Fields[asked].Label, "value", c.Value)
		}
	}
	chosen := strings.Split(out.Value, "\n")
	for _, o := range q.Options {
		out.Options = append(out.Options, portalOption{o, o, slices.Contains(chosen, o)})
	}
	if q.Type == form.Reason {
		for _, r := range given.Reasons {
			id := strconv.FormatInt(r.ID, 10)
			if n := len(out.Sets); n == 0 || out.Sets[n-1].Label != r.Path[0] {
				out.Sets = append(out.Sets, portalSet{Label: r.Path[0]})
			}
			set := &out.Sets[len(out.Sets)-1]
			set.Options = append(set.Options, portalOption{id, strings.Join(r.Path[min(1, len(r.Path)-1):], " › "), id == out.Value})
		}
	}
	return out
}
