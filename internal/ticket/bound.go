package ticket

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
)

// ruleStep is how often time moves on for a rule: a list and the counter beside it
// ask about the same minute.
const ruleStep = time.Minute

// RuleTime is the instant at which rules are asked when it is now.
func RuleTime(now time.Time) time.Time { return now.UTC().Truncate(ruleStep) }

// Bound is a rule for somebody who looks, with the reasons below those it names.
// It holds open tickets only, and does not ask whether they may be seen.
type Bound struct {
	holds func(f *Facts, now int64) bool
	write func(w *ruleSQL)
	// Timed is whether it holds another set when only time has passed.
	Timed bool
	// Key is equal for rules that hold the same for those who look.
	Key string
}

// Holds reports whether the ticket belongs to it, at an instant of RuleTime in
// microseconds.
func (b *Bound) Holds(f *Facts, now int64) bool { return b.holds(f, now) }

// SQL gives the same as a condition on a ticket t, all of its values as parameters.
func (b *Bound) SQL(now time.Time) (condition string, args []any) {
	w := ruleSQL{now: RuleTime(now)}
	b.write(&w)
	return w.text.String(), w.args
}

type ruleSQL struct {
	text strings.Builder
	args []any
	now  time.Time
}

func (w *ruleSQL) add(text string, args ...any) {
	w.text.WriteString(text)
	w.args = append(w.args, args...)
}

// Bind makes a checked rule ready for somebody who looks. reasons is the whole
// tree: a reason means those below it, too.
func (r Rule) Bind(who access.Actor, reasons []Reason) *Bound {
	b := &Bound{Timed: r.Uses("due", "") || r.Uses("opened", "") || r.Uses("waiting", "")}
	b.holds, b.write = r.bind(who, reasons)
	key, err := json.Marshal(r)
	if err != nil {
		panic("ticket: " + err.Error()) // texts and numbers always have a form
	}
	b.Key = string(key)
	if r.Uses("team", RuleMe) {
		b.Key += fmt.Sprint(" teams ", who.Teams)
	}
	if r.Uses("assignee", RuleMe) || r.Uses("is", "mentioned") {
		b.Key += fmt.Sprint(" account ", who.AccountID)
	}
	return b
}

type (
	holding = func(f *Facts, now int64) bool
	writing = func(w *ruleSQL)
)

func (r Rule) bind(who access.Actor, reasons []Reason) (holding, writing) {
	switch {
	case r.All != nil:
		return group(r.All, who, reasons, " AND ", true)
	case r.Any != nil:
		return group(r.Any, who, reasons, " OR ", false)
	case r.Not != nil:
		return negated(r.Not.bind(who, reasons))
	}
	holds, write := r.leaf(who, reasons)
	if r.Op == RuleNotIn {
		return negated(holds, write)
	}
	return holds, write
}

// group joins parts: all of them hold until one does not, or the other way round.
func group(parts []Rule, who access.Actor, reasons []Reason, between string, all bool) (holding, writing) {
	holds, writes := make([]holding, len(parts)), make([]writing, len(parts))
	for i, part := range parts {
		holds[i], writes[i] = part.bind(who, reasons)
	}
	return func(f *Facts, now int64) bool {
			for _, h := range holds {
				if h(f, now) != all {
					return !all
				}
			}
			return all
		}, func(w *ruleSQL) {
			for i, write := range writes {
				w.add([]string{"(", between}[min(i, 1)])
				write(w)
			}
			w.add(")")
		}
}

// negated turns a condition round. That is safe in SQL because no condition here
// is ever null: an absent id is 0, an absent instant infinity.
func negated(holds holding, write writing) (holding, writing) {
	return func(f *Facts, now int64) bool { return !holds(f, now) }, func(w *ruleSQL) {
		w.add("NOT ")
		write(w)
	}
}

func (r Rule) leaf(who access.Actor, reasons []Reason) (holding, writing) {
	switch r.Field {
	case "status":
		return oneOf(r.Values, "t.status", func(f *Facts) string { return string(f.Status) })
	case "kind":
		return oneOf(r.Values, "t.kind", func(f *Facts) string { return string(f.Kind) })
	case "channel":
		return oneOf(r.Values, "t.channel", func(f *Facts) string { return f.Channel })
	case "priority":
		return oneOf(r.numbers(who), "t.priority", func(f *Facts) int64 { return int64(f.Priority) })
	case "legal_priority":
		return oneOf(r.numbers(who), "t.legal_priority", func(f *Facts) int64 { return int64(f.LegalPriority) })
	case "team":
		return oneOf(r.numbers(who), "t.team_id", func(f *Facts) int64 { return f.TeamID })
	case "assignee":
		return oneOf(r.numbers(who), "coalesce(t.assignee_id, 0)", func(f *Facts) int64 { return f.AssigneeID })
	case "reason":
		return oneOf(below(r.numbers(who), reasons), "coalesce(t.reason_id, 0)", func(f *Facts) int64 { return f.ReasonID })
	case "brand":
		return oneOf(r.numbers(who), "t.brand_id", func(f *Facts) int64 { return f.BrandID })
	case "incident":
		return oneOf(r.numbers(who), "coalesce(t.incident_id, 0)", func(f *Facts) int64 { return f.IncidentID })
	case "turn":
		return oneOf(r.Values, turnColumn, func(f *Facts) string { return string(f.Turn) })
	case "tag":
		wanted := textArray(r.Values)
		return func(f *Facts, _ int64) bool {
			return slices.ContainsFunc(f.Tags, func(tag string) bool { return slices.Contains(r.Values, tag) })
		}, func(w *ruleSQL) { w.add("t.tags && CAST(? AS text[])", wanted) }
	case "subject":
		return r.contained()
	case "is":
		return r.state(who)
	case "due":
		return r.until("t.next_due", func(f *Facts) int64 { return f.Due })
	case "opened":
		return r.since("t.opened_at", func(f *Facts) int64 { return f.OpenedAt })
	case "waiting":
		return r.since("t.waiting_since", func(f *Facts) int64 { return f.WaitingSince })
	}
	panic("ticket: a rule that was not checked asks for " + strconv.Quote(r.Field))
}

func oneOf[T comparable](values []T, column string, of func(*Facts) T) (holding, writing) {
	if len(values) == 0 { // mine, of somebody without teams
		return func(*Facts, int64) bool { return false }, func(w *ruleSQL) { w.add("FALSE") }
	}
	return func(f *Facts, _ int64) bool { return slices.Contains(values, of(f)) },
		func(w *ruleSQL) { w.add(column+" IN ?", values) }
}

// numbers are the ids of a checked rule, for whoever looks.
func (r Rule) numbers(who access.Actor) (ids []int64) {
	for _, v := range r.Values {
		switch {
		case v == RuleNone:
			ids = append(ids, 0)
		case v == RuleMe && r.Field == "team":
			ids = append(ids, who.Teams...)
		case v == RuleMe:
			ids = append(ids, who.AccountID)
		default:
			id, err := strconv.ParseInt(v, 10, 64)
			if err != nil {
				panic("ticket: a rule that was not checked names " + strconv.Quote(v))
			}
			ids = append(ids, id)
		}
	}
	return ids
}

// below adds to reasons what stands below them. Parents come first in the tree.
func below(ids []int64, reasons []Reason) []int64 {
	for _, reason := range reasons {
		if reason.ParentID != nil && slices.Contains(ids, *reason.ParentID) && !slices.Contains(ids, reason.ID) {
			ids = append(ids, reason.ID)
		}
	}
	return ids
}

// contained is a subject with one of the phrases in it.
func (r Rule) contained() (holding, writing) {
	wanted, patterns := make([]string, len(r.Values)), make([]string, len(r.Values))
	for i, v := range r.Values {
		wanted[i], patterns[i] = bare(v), phrasePattern(v)
	}
	return func(f *Facts, _ int64) bool {
		return slices.ContainsFunc(wanted, func(phrase string) bool { return strings.Contains(f.Subject, phrase) })
	}, func(w *ruleSQL) { w.add("t.subject ~ CAST(? AS text)", strings.Join(patterns, "|")) }
}

// state is any of the states that are named.
func (r Rule) state(who access.Actor) (holding, writing) {
	var holds []func(*Facts) bool
	var terms []string
	var args []any
	for _, v := range r.Values {
		switch v {
		case "breached":
			holds, terms = append(holds, func(f *Facts) bool { return f.Breached }), append(terms, "t.breached")
		case "unread":
			holds, terms = append(holds, func(f *Facts) bool { return f.Unread }), append(terms, "t.unread")
		case "reopened":
			holds, terms = append(holds, func(f *Facts) bool { return f.ReopenedAt != Never }), append(terms, "t.reopened_at IS NOT NULL")
		case "promised":
			holds, terms = append(holds, func(f *Facts) bool { return f.PromisedAt != Never }), append(terms, "t.promised_at IS NOT NULL")
		case "held":
			holds, terms = append(holds, func(f *Facts) bool { return f.HolderID != 0 }), append(terms, "t.holder_id IS NOT NULL")
		case "mentioned":
			holds = append(holds, func(f *Facts) bool { return slices.Contains(f.Mentioned, who.AccountID) })
			terms, args = append(terms, "? = ANY (t.mentioned)"), append(args, who.AccountID)
		}
	}
	return func(f *Facts, _ int64) bool {
		return slices.ContainsFunc(holds, func(h func(*Facts) bool) bool { return h(f) })
	}, func(w *ruleSQL) { w.add("("+strings.Join(terms, " OR ")+")", args...) }
}

// until is an instant ahead: within so many minutes it comes, or has come already.
func (r Rule) until(column string, of func(*Facts) int64) (holding, writing) {
	span := time.Duration(r.Minutes) * time.Minute
	if r.Op == RuleWithin {
		return func(f *Facts, now int64) bool { return of(f) <= now+span.Microseconds() },
			func(w *ruleSQL) { w.add(column+" <= ?", w.now.Add(span)) }
	}
	return func(f *Facts, now int64) bool { return of(f) > now+span.Microseconds() },
		func(w *ruleSQL) { w.add(column+" > ?", w.now.Add(span)) }
}

// since is an instant behind us: over so many minutes it is that long ago. What
// has not begun is neither.
func (r Rule) since(column string, of func(*Facts) int64) (holding, writing) {
	span := time.Duration(r.Minutes) * time.Minute
	if r.Op == RuleWithin {
		return func(f *Facts, now int64) bool { at := of(f); return at != Never && at >= now-span.Microseconds() },
			func(w *ruleSQL) { w.add("("+column+" >= ? AND "+column+" < 'infinity')", w.now.Add(-span)) }
	}
	return func(f *Facts, now int64) bool { return of(f) < now-span.Microseconds() },
		func(w *ruleSQL) { w.add(column+" < ?", w.now.Add(-span)) }
}
