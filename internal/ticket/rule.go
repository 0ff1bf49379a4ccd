package ticket

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/escuta-sac/escuta/internal/channel"
)

// Rule is what a saved view holds: a tree of conditions. Exactly one of All, Any,
// Not and Field is given. What it means is said twice, by Bound.Holds for a ticket
// in memory and by Bound.SQL for PostgreSQL; a property holds the two against
// each other.
type Rule struct {
	All []Rule `json:"all,omitempty"` // every one of these
	Any []Rule `json:"any,omitempty"` // at least one of these
	Not *Rule  `json:"not,omitempty"` // not this

	Field   string   `json:"field,omitempty"`   // one of RuleFields
	Op      string   `json:"op,omitempty"`      // RuleIn and RuleNotIn, or RuleWithin and RuleOver for instants
	Values  []string `json:"values,omitempty"`  // what it may be; ids as digits
	Minutes int      `json:"minutes,omitempty"` // how far from now, for instants
}

// The operators.
const (
	RuleIn     = "in"     // one of the values; of a text, it contains one of them
	RuleNotIn  = "not_in" // none of them
	RuleWithin = "within" // no further from now than so many minutes
	RuleOver   = "over"   // further than that
)

// Values that stand for somebody or nothing, instead of an id.
const (
	RuleMe   = "me"   // whoever looks; of a team, one of theirs
	RuleNone = "none" // nobody, nothing
)

// Bounds of a rule.
const (
	maxRuleDepth   = 5
	maxRuleNodes   = 60
	maxRuleValues  = 50
	maxRuleText    = 16 << 10          // bytes of its JSON
	maxRuleBytes   = 5 << 10           // of all its values: whatever JSON makes of them is within maxRuleText
	maxRulePhrases = 20                // in all: each is looked for in each open ticket
	maxRuleMinutes = 366 * 24 * 60 * 2 // two years
)

// fieldKind is what the values of a field are.
type fieldKind int

const (
	words   fieldKind = iota // of a fixed list
	ids                      // of something, me or none where that makes sense
	tags                     // as people write them
	phrases                  // parts of a text
	instant                  // how long ago, or how soon
)

type ruleField struct {
	kind    fieldKind
	choices []string // of words
	special []string // of ids: RuleMe, RuleNone
}

// ruleFields are what a rule can ask for.
var ruleFields = map[string]ruleField{
	"status":         {kind: words, choices: texts(New, Open, WaitingCustomer, WaitingThird)},
	"kind":           {kind: words, choices: texts(Kinds...)},
	"channel":        {kind: words, choices: texts(channel.Phone, channel.Webform, channel.Email, channel.Ombudsman)},
	"priority":       {kind: words, choices: []string{"1", "2", "3", "4"}},
	"legal_priority": {kind: words, choices: []string{"0", "1", "2", "3"}},
	"is":             {kind: words, choices: []string{"breached", "unread", "reopened", "promised", "held", "mentioned"}},
	"team":           {kind: ids, special: []string{RuleMe}},
	"assignee":       {kind: ids, special: []string{RuleMe, RuleNone}},
	"reason":         {kind: ids, special: []string{RuleNone}},
	"brand":          {kind: ids},
	"incident":       {kind: ids, special: []string{RuleNone}},
	"turn":           {kind: words, choices: texts(OurTurn, AreaTurn, CustomersTurn)},
	"tag":            {kind: tags},
	"subject":        {kind: phrases},
	"due":            {kind: instant},
	"opened":         {kind: instant},
	"waiting":        {kind: instant},
}

func texts[T ~string](values ...T) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = string(v)
	}
	return all
}

// ParseRule reads a rule from JSON as strictly as from a call: members that no
// rule has, and anything after it, are refused. Errors are ErrInvalid with the
// place in the tree.
func ParseRule(text []byte) (Rule, error) {
	if len(text) > maxRuleText {
		return Rule{}, Wrong("rule", "too_long", maxRuleText)
	}
	var r Rule
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return Rule{}, Wrong("rule", "not_a_rule").Because(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Rule{}, Wrong("rule", "not_a_rule")
	}
	return r, r.Check()
}

// Check refuses a rule that is too deep, too large, or means nothing, naming the
// place: rule.all[1].values.
func (r Rule) Check() error {
	return r.check("rule", 1, &ruleSize{})
}

// ruleSize is how large a rule is as far as it was looked at.
type ruleSize struct{ nodes, bytes, phrases int }

func (s *ruleSize) add(r Rule) error {
	s.nodes++
	for _, v := range r.Values {
		s.bytes += len(v) + len(`"", `)
	}
	if ruleFields[r.Field].kind == phrases {
		s.phrases += len(r.Values)
	}
	switch {
	case s.nodes > maxRuleNodes:
		return Wrong("rule", "too_many", maxRuleNodes)
	case s.bytes > maxRuleBytes:
		return Wrong("rule", "too_long", maxRuleBytes)
	case s.phrases > maxRulePhrases:
		return Wrong("rule", "too_many", maxRulePhrases)
	}
	return nil
}

func (r Rule) check(at string, depth int, size *ruleSize) error {
	if err := size.add(r); err != nil {
		return err
	}
	if depth > maxRuleDepth {
		return Wrong(at, "rule_too_deep")
	}
	given := 0
	for _, is := range []bool{r.All != nil, r.Any != nil, r.Not != nil, r.Field != ""} {
		if is {
			given++
		}
	}
	if given != 1 || r.Field == "" && (r.Op != "" || r.Values != nil || r.Minutes != 0) {
		return Wrong(at, "not_a_rule")
	}
	switch {
	case r.Field != "":
		return r.checkField(at)
	case r.Not != nil:
		return r.Not.check(at+".not", depth+1, size)
	}
	name, parts := "all", r.All
	if r.Any != nil {
		name, parts = "any", r.Any
	}
	if len(parts) == 0 {
		return Wrong(at+"."+name, "required")
	}
	for i, part := range parts {
		if err := part.check(fmt.Sprintf("%s.%s[%d]", at, name, i), depth+1, size); err != nil {
			return err
		}
	}
	return nil
}

func (r Rule) checkField(at string) error {
	field, known := ruleFields[r.Field]
	if !known {
		return Wrong(at+".field", "unknown_choice")
	}
	if field.kind == instant {
		switch {
		case r.Op != RuleWithin && r.Op != RuleOver:
			return Wrong(at+".op", "unknown_choice")
		case r.Values != nil:
			return Wrong(at+".values", "not_a_rule")
		case r.Minutes < 0 || r.Minutes > maxRuleMinutes:
			return Wrong(at+".minutes", "unknown_choice")
		}
		return nil
	}
	switch {
	case r.Op != RuleIn && r.Op != RuleNotIn:
		return Wrong(at+".op", "unknown_choice")
	case r.Minutes != 0:
		return Wrong(at+".minutes", "not_a_rule")
	case len(r.Values) == 0:
		return Wrong(at+".values", "required")
	case len(r.Values) > maxRuleValues:
		return Wrong(at+".values", "too_many", maxRuleValues)
	}
	for _, v := range r.Values {
		if !field.takes(v) {
			if field.kind == phrases {
				return Wrong(at+".values", "not_a_phrase", maxPhrase)
			}
			return Wrong(at+".values", "unknown_choice")
		}
	}
	return nil
}

func (f ruleField) takes(value string) bool {
	switch f.kind {
	case words:
		return slices.Contains(f.choices, value)
	case ids:
		id, err := strconv.ParseInt(value, 10, 64)
		return slices.Contains(f.special, value) || err == nil && id > 0 && strconv.FormatInt(id, 10) == value
	case tags:
		normal, err := NormaliseTags([]string{value})
		return err == nil && len(normal) == 1 && normal[0] == value
	case phrases:
		return isPhrase(value)
	case instant:
	}
	return false
}

// Uses reports whether some condition of the rule asks for a field with a value;
// an empty value is any.
func (r Rule) Uses(field, value string) bool {
	if r.Field == field && (value == "" || slices.Contains(r.Values, value)) {
		return true
	}
	for _, part := range slices.Concat(r.All, r.Any) {
		if part.Uses(field, value) {
			return true
		}
	}
	return r.Not != nil && r.Not.Uses(field, value)
}
