package form

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/escuta-sac/escuta/internal/channel/webform"
	"github.com/escuta-sac/escuta/internal/fault"
)

var (
	slugShape = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	keyShape  = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
)

// reserved are the names of a page's own inputs.
var reserved = []string{"key", "website", "kind", "version", "seal", "work"}

// problems gathers what is wrong, under the names that the asker knows.
type problems []fault.Detail

func (p *problems) add(field, code string) { *p = append(*p, fault.Detail{Field: field, Code: code}) }

func (p *problems) limit(field, code string, max int) {
	*p = append(*p, fault.Detail{Field: field, Code: code, Args: map[string]any{"max": max}})
}

// err is sentinel with the details, or nil when there are none.
func (p problems) err(sentinel *fault.Error) error {
	if len(p) == 0 {
		return nil
	}
	e := *sentinel
	e.Details = p
	return &e
}

// line cleans a text of one line and bounds it.
func (p *problems) line(field string, s *string, max int, required bool) {
	p.bounded(field, s, webform.Line, max, required)
}

// text is line for a text of several.
func (p *problems) text(field string, s *string, max int) {
	p.bounded(field, s, webform.Text, max, false)
}

func (p *problems) bounded(field string, s *string, clean func(string) string, max int, required bool) {
	if !utf8.ValidString(*s) {
		p.add(field, "not_text")
		return
	}
	switch *s = clean(*s); {
	case *s == "" && required:
		p.add(field, "required")
	case utf8.RuneCountInString(*s) > max:
		p.limit(field, "too_long", max)
	}
}

// CheckSlug fails with ErrInvalid unless slug can be part of an address.
func CheckSlug(slug string) error {
	var p problems
	if len(slug) > MaxSlug || !slugShape.MatchString(slug) {
		p.limit("slug", "bad_slug", MaxSlug)
	}
	return p.err(ErrInvalid)
}

// Check cleans a definition and fails with ErrInvalid, naming all that is wrong
// with it. What it returns can be stored, shown and answered.
func (d Definition) Check() (Definition, error) {
	var p problems
	p.line("name", &d.Name, MaxName, true)
	p.text("intro", &d.Intro, MaxIntro)
	d.Kinds = slices.Clone(d.Kinds)
	if len(d.Kinds) == 0 {
		p.add("kinds", "required")
	}
	for i, kind := range d.Kinds {
		if !slices.Contains(webform.Kinds, kind) || slices.Contains(d.Kinds[:i], kind) {
			p.add("kinds", "unknown_kind")
		}
	}
	p.sites(&d)
	if len(d.Fields) > MaxFields {
		p.limit("fields", "too_many", MaxFields)
		return d, p.err(ErrInvalid)
	}
	d.Fields = slices.Clone(d.Fields)
	meanings := map[Meaning]bool{}
	for i := range d.Fields {
		f, at := &d.Fields[i], fmt.Sprintf("fields[%d]", i)
		p.field(at, f)
		before := d.Fields[:i]
		if slices.ContainsFunc(before, func(o Field) bool { return o.Key == f.Key }) {
			p.add(at+".key", "twice")
		}
		// Answers are kept under their labels.
		if slices.ContainsFunc(before, func(o Field) bool { return strings.EqualFold(o.Label, f.Label) }) {
			p.add(at+".label", "twice")
		}
		if f.Means != Nothing {
			if meanings[f.Means] {
				p.add(at+".means", "twice")
			} else if !slices.Contains(meant[f.Means], f.Type) {
				p.add(at+".means", "not_of_type")
			}
			meanings[f.Means] = true
		}
		p.condition(at+".show", f, before)
	}
	return d, p.err(ErrInvalid)
}

func (p *problems) field(at string, f *Field) {
	if len(f.Key) > MaxKey || !keyShape.MatchString(f.Key) || slices.Contains(reserved, f.Key) {
		p.limit(at+".key", "bad_field_key", MaxKey)
	}
	if !slices.Contains(Types, f.Type) {
		p.add(at+".type", "unknown_choice")
	}
	if (f.Type == Files) != (f.Key == FilesKey) {
		p.add(at+".key", "files_key")
	}
	p.line(at+".label", &f.Label, MaxLabel, true)
	p.text(at+".help", &f.Help, MaxHelp)
	if f.Type == Consent && f.Help == "" {
		p.add(at+".help", "required")
	}
	p.line(at+".purpose", &f.Purpose, MaxPurpose, false)
	if f.LegalBasis != "" && !slices.Contains(Bases, f.LegalBasis) {
		p.add(at+".legal_basis", "unknown_choice")
	}
	p.options(at+".options", f)
}

func (p *problems) options(at string, f *Field) {
	if !f.Type.chosen() {
		f.Options = nil
		return
	}
	if len(f.Options) == 0 {
		p.add(at, "required")
	}
	if len(f.Options) > MaxOptions {
		p.limit(at, "too_many", MaxOptions)
		return
	}
	f.Options = slices.Clone(f.Options)
	size := 0
	for i := range f.Options {
		p.line(at, &f.Options[i], MaxOption, true)
		if slices.Contains(f.Options[:i], f.Options[i]) {
			p.add(at, "twice")
		}
		size += utf8.RuneCountInString(f.Options[i]) + 2
	}
	// All of them ticked must fit one field of a ticket.
	if f.Type == Checkboxes && size > webform.MaxFieldValue {
		p.limit(at, "too_long", webform.MaxFieldValue)
	}
}

// condition lets a field depend only on one that is asked before it, so there
// can be no circle.
func (p *problems) condition(at string, f *Field, before []Field) {
	if f.Show == nil {
		return
	}
	c := *f.Show
	f.Show = &c
	i := slices.IndexFunc(before, func(o Field) bool { return o.Key == c.Field })
	switch {
	case i < 0:
		p.add(at+".field", "not_before")
	case before[i].Type == Files:
		p.add(at+".field", "unknown_choice")
	// What is sent for these is no text that a condition could name.
	case before[i].Type == Reason || before[i].Type == Consent:
		if c.Is != IsFilled && c.Is != IsMissing {
			p.add(at+".is", "unknown_choice")
		}
	}
	switch c.Is {
	case IsFilled, IsMissing:
		f.Show.Value = ""
	case Equals, Differs, Contains:
		p.line(at+".value", &f.Show.Value, MaxOption, true)
	default:
		p.add(at+".is", "unknown_choice")
	}
}

// sites keeps origins in the form in which a browser sends them.
func (p *problems) sites(d *Definition) {
	if len(d.Sites) > MaxSites {
		p.limit("sites", "too_many", MaxSites)
		return
	}
	d.Sites = slices.Clone(d.Sites)
	for i, s := range d.Sites {
		origin, ok := parseOrigin(s)
		if !ok {
			p.add(fmt.Sprintf("sites[%d]", i), "bad_origin")
		}
		d.Sites[i] = origin
	}
	slices.Sort(d.Sites)
	d.Sites = slices.Compact(d.Sites)
}

// parseOrigin reads scheme, host and port. What it returns is put into a header,
// so nothing but their own characters passes.
func parseOrigin(s string) (string, bool) {
	u, err := url.Parse(strings.TrimSuffix(strings.TrimSpace(s), "/"))
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil ||
		u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.Opaque != "" {
		return s, false
	}
	host := strings.ToLower(u.Host)
	if strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789.-:[]") != "" {
		return s, false
	}
	origin := u.Scheme + "://" + host
	return origin, origin == "http://"+host || origin == "https://"+host
}
