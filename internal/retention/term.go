package retention

import (
	"slices"
	"time"

	"github.com/escuta-sac/escuta/internal/brazil"
)

// Unit is what a term is counted in.
type Unit string

// The units.
const (
	Days   Unit = "days"
	Months Unit = "months"
	Years  Unit = "years"
)

// Term is how long something is kept.
type Term struct {
	Amount int
	Unit   Unit
}

// After is the last day of a term that counts from a day, which itself does not
// count. Months and years end on the day of the same number, or on the one after
// the last where the month has none (Código Civil, art. 132).
func (t Term) After(d brazil.Date) brazil.Date {
	months := t.Amount
	switch t.Unit {
	case Days:
		return d.AddDays(t.Amount)
	case Years:
		months *= 12
	}
	first := time.Date(d.Year, d.Month+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	if d.Day > first.AddDate(0, 1, -1).Day() {
		return brazil.DateOf(first.AddDate(0, 1, 0), time.UTC)
	}
	return brazil.Date{Year: first.Year(), Month: first.Month(), Day: d.Day}
}

// facts are what rules ask of a ticket, or of what came in and became none.
type facts struct {
	Kind, Channel string
	Walled        bool
	Regimes       []int64
	Opened        time.Time
	Ended         time.Time // zero while it is open
	LastContact   time.Time
	Attended      time.Time // of a recording
}

// since is the instant a rule counts from; zero while that has not happened.
func (f facts) since(s Since) time.Time {
	switch s {
	case Resolved:
		return f.Ended
	case LastContact:
		return f.LastContact
	case Attended:
		return f.Attended
	default:
		return f.Opened
	}
}

// applies reports whether a rule is about something with these facts.
func (r Rule) applies(s Subject, f facts) bool {
	return r.Active && r.Subject == s &&
		(r.Walled == nil || *r.Walled == f.Walled) &&
		(len(r.Kinds) == 0 || slices.Contains(r.Kinds, f.Kind)) &&
		(len(r.Channels) == 0 || slices.Contains(r.Channels, f.Channel)) &&
		(r.RegimeID == nil || slices.Contains(f.Regimes, *r.RegimeID))
}

// Kept is one rule that applies, and the last day on which it keeps.
type Kept struct {
	Rule  Rule
	From  *time.Time   // since when it counts; nil while what it counts from has not happened
	Until *brazil.Date // nil with it
}

// keeps lists the rules that apply, the one that ends last first. One that has no
// end yet stands before all.
func keeps(rules []Rule, s Subject, f facts, zone *time.Location) []Kept {
	var all []Kept
	for _, r := range rules {
		if !r.applies(s, f) {
			continue
		}
		k := Kept{Rule: r}
		if from := f.since(r.Since); !from.IsZero() {
			until := r.Term.After(brazil.DateOf(from, zone))
			k.From, k.Until = &from, &until
		}
		all = append(all, k)
	}
	slices.SortStableFunc(all, func(a, b Kept) int {
		switch {
		case a.Until == nil || b.Until == nil:
			return truth(b.Until == nil) - truth(a.Until == nil)
		case b.Until.Before(*a.Until):
			return -1
		case a.Until.Before(*b.Until):
			return 1
		}
		return 0
	})
	return all
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// last is the day with which the last of the rules ends; nil when there is none
// yet, because no rule applies or one that does has not begun to count.
func last(all []Kept) *brazil.Date {
	if len(all) == 0 {
		return nil
	}
	return all[0].Until
}
