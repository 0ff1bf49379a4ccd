package form

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/escuta-sac/escuta/internal/channel/webform"
)

// Ref names a version of a form: what was sent keeps it.
type Ref struct {
	Slug    string
	Version int
}

// String is the reference as it is stored and sent: slug@version.
func (r Ref) String() string { return r.Slug + "@" + strconv.Itoa(r.Version) }

// ParseRef reads a reference; without a version, Version is 0 and means the
// current one.
func ParseRef(s string) Ref {
	slug, version, _ := strings.Cut(s, "@")
	n, err := strconv.Atoi(version)
	if version != "" && (err != nil || n < 1) {
		n = -1 // of which there is none
	}
	return Ref{slug, n}
}

// Submission is what checked answers to a form say as a demand. Kind is the one
// chosen; a form of a single kind needs none. What the sender said outside the
// form's own questions (a program may name an e-mail beside them) is taken from
// s, as are its files and its key.
func (f Form) Submission(s webform.Submission, in Answers, g Given) (webform.Submission, error) {
	in = maps.Clone(in)
	if in == nil {
		in = Answers{}
	}
	core := map[Meaning]*string{
		MeansName: &s.Name, MeansEmail: &s.Email, MeansPhone: &s.Phone, MeansDocument: &s.Document,
		MeansSubject: &s.Subject, MeansBody: &s.Body,
	}
	for _, q := range f.Fields {
		if said := core[q.Means]; said != nil && in[q.Key] == "" && *said != "" {
			in[q.Key] = *said
		}
	}
	var p problems
	switch kinds := f.Kinds; {
	case s.Kind == "" && len(kinds) == 1:
		s.Kind = kinds[0]
	case s.Kind == "":
		p.add("kind", "required")
	case !slices.Contains(kinds, s.Kind):
		p.add("kind", "unknown_kind")
	}
	answers, err := f.Validate(in, g)
	if err = join(p, err); err != nil {
		return s, err
	}
	if f.Slug != "" { // the standard form is nobody's in particular
		s.Form = f.Ref().String()
	}
	s.Team, s.Brand = f.TeamID, f.BrandID
	s.Fields = map[string]string{}
	for _, a := range answers {
		if a.Field.Type == Reason {
			s.Reason, _ = strconv.ParseInt(a.Plain, 10, 64)
		}
		if said := core[a.Field.Means]; said != nil {
			*said = a.Plain
			continue
		}
		s.Fields[a.Field.Label] = a.Value
	}
	if s.Subject == "" {
		s.Subject = f.Name
	}
	if s.Body == "" {
		s.Body = spelled(answers, f.Name)
	}
	return s, nil
}

// spelled is the body of a demand whose form has no question for one: a person
// reads the answers where they would read a message.
func spelled(answers []Answer, name string) string {
	var b strings.Builder
	for _, a := range answers {
		if a.Field.Means == Nothing || a.Field.Means == MeansSubject {
			fmt.Fprintf(&b, "%s: %s\n", a.Field.Label, a.Value)
		}
	}
	if b.Len() == 0 {
		return name
	}
	// Bounded like every body; what is cut stands whole among the fields.
	if runes := []rune(b.String()); len(runes) > webform.MaxBody {
		return string(runes[:webform.MaxBody])
	}
	return strings.TrimSpace(b.String())
}
