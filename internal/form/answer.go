package form

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/escuta-sac/escuta/internal/channel/webform"
)

// Answers are what was typed or chosen, by the key of the question. Several
// chosen boxes are one line each.
type Answers map[string]string

// Choice is one leaf of the tree of reasons, as customers are offered it.
type Choice struct {
	ID   int64
	Path []string // the names from the top down to it
}

// Label is the way to the reason in one line.
func (c Choice) Label() string { return strings.Join(c.Path, " › ") }

// Given is what the checking needs to know besides the form.
type Given struct {
	Reasons []Choice // only asked for when the form has a field of that type
	Files   int      // how many came along
}

// Answer is one that has been checked.
type Answer struct {
	Field Field
	Value string // as people read it: a CPF with its points, the chosen options side by side
	Plain string // as programs read it
}

// Validate checks the answers to a form and names every wrong one under
// fields.<key>. What was answered to a question that is not shown is dropped;
// what no question asked for is refused.
func (d Definition) Validate(in Answers, g Given) ([]Answer, error) {
	var p problems
	var out []Answer
	shown := d.Shown(in)
	for _, f := range d.Fields {
		at := "fields." + f.Key
		if !shown[f.Key] {
			continue
		}
		if f.Type == Files {
			if f.Required && g.Files == 0 {
				p.add(FilesKey, "required")
			}
			continue
		}
		if !utf8.ValidString(in[f.Key]) {
			p.add(at, "not_text")
			continue
		}
		typed := clean(f, in[f.Key])
		if typed == "" {
			if f.Required {
				p.add(at, missing(f.Type))
			}
			continue
		}
		a, code, max := f.parse(typed, g)
		switch {
		case code != "" && max != 0:
			p.limit(at, code, max)
		case code != "":
			p.add(at, code)
		default:
			out = append(out, a)
		}
	}
	for key := range in {
		if _, known := d.field(key); !known {
			p.add("fields."+shortKey(key), "unknown")
		}
	}
	return out, p.err(ErrAnswers)
}

func missing(t Type) string {
	switch t {
	case Consent:
		return "must_agree"
	case Select, Radio, Checkboxes, Reason:
		return "choose"
	}
	return "required"
}

// Shown tells which questions are asked, given the answers so far. A condition
// looks at an earlier question only, so one pass is enough.
func (d Definition) Shown(in Answers) map[string]bool {
	shown := make(map[string]bool, len(d.Fields))
	for _, f := range d.Fields {
		shown[f.Key] = f.Show == nil || d.holds(*f.Show, in, shown)
	}
	return shown
}

func (d Definition) holds(c Condition, in Answers, shown map[string]bool) bool {
	asked, _ := d.field(c.Field)
	value := ""
	if shown[c.Field] {
		value = same(clean(asked, in[c.Field]))
	}
	want := same(c.Value)
	equal := value == want
	if asked.Type == Checkboxes {
		equal = slices.Contains(strings.Split(value, "\n"), want)
	}
	switch c.Is {
	case Equals:
		return equal
	case Differs:
		return !equal
	case Contains:
		return value != "" && strings.Contains(value, want)
	case IsFilled:
		return value != ""
	case IsMissing:
		return value == ""
	}
	return false
}

// same is what two texts that a person takes for equal have in common: small
// letters, no accents. The page's script does the same.
func same(s string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(s)))
}

// clean takes out of what was typed what nobody typed on purpose.
func clean(f Field, s string) string {
	if f.Type == LongText || f.Type == Checkboxes {
		return webform.Text(s)
	}
	return webform.Line(s)
}

func shortKey(key string) string {
	if runes := []rune(strings.ToValidUTF8(key, "?")); len(runes) > MaxKey {
		return string(runes[:MaxKey])
	}
	return strings.ToValidUTF8(key, "?")
}
