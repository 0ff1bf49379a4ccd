package sla

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/escuta-sac/escuta/internal/brazil"
)

// Kind is what a clock measures.
type Kind string

// The kinds of clock: each starts and stops by another event.
const (
	FirstResponse   Kind = "first_response"  // until our first public reply
	NextResponse    Kind = "next_response"   // from a customer's message, after we have answered, to our reply
	Resolution      Kind = "resolution"      // until the ticket is resolved
	Legal           Kind = "legal"           // until a conclusive answer was given, which some norm asks for
	Acknowledgement Kind = "acknowledgement" // until receipt was confirmed
	History         Kind = "history"         // from the request for the history until it was sent
	Duty            Kind = "duty"            // until what a demand obliges to at once was carried out
)

// opening are the kinds that begin with the ticket, in the order they are shown.
var opening = []Kind{FirstResponse, Resolution, Legal, Acknowledgement, Duty}

// Demand is what a policy is chosen by.
type Demand struct {
	Channel  string
	Kind     string // of demand, such as reclamacao
	Priority int
	Team     int64
	Walled   bool
	Segment  string // of the customer, empty when none is known
}

// Policy is one rule: which demands it is for, and which clock they get. An
// empty condition matches everything.
type Policy struct {
	ID         int64
	Regime     int64 // whose rule it is: a ticket gets one clock of a kind by each regime
	Name       string
	Position   int
	Channels   []string
	Kinds      []string
	Priorities []int
	Teams      []int64
	Walled     *bool
	Segments   []string
	ByHand     bool // a person starts its clock; no demand gets it by itself
	// Duty is the duty that its clock measures, see BeginDuties; empty for none.
	Duty string
	// From and To are the first and the last day, in the calendar's zone, on which
	// demands are registered that it is for. Zero: without a bound.
	From, To brazil.Date
	Clock    Kind
	Calendar string
	Term     Term
	Pauses   bool // whether the clock stands still while we wait for somebody else
	LegalRef string
}

// misses names the condition by which the policy is not for d; empty when it is.
func (p Policy) misses(d Demand) string {
	switch {
	case len(p.Channels) > 0 && !slices.Contains(p.Channels, d.Channel):
		return "channel"
	case len(p.Kinds) > 0 && !slices.Contains(p.Kinds, d.Kind):
		return "kind"
	case len(p.Priorities) > 0 && !slices.Contains(p.Priorities, d.Priority):
		return "priority"
	case len(p.Teams) > 0 && !slices.Contains(p.Teams, d.Team):
		return "team"
	case len(p.Segments) > 0 && !slices.Contains(p.Segments, d.Segment):
		return "segment"
	case p.Walled != nil && *p.Walled != d.Walled:
		return "walled"
	}
	return ""
}

// match reports whether the policy is for d, and by which of its conditions.
func (p Policy) match(d Demand) (why string, ok bool) {
	if p.misses(d) != "" {
		return "", false
	}
	var by []string
	if len(p.Channels) > 0 {
		by = append(by, "channel="+d.Channel)
	}
	if len(p.Kinds) > 0 {
		by = append(by, "kind="+d.Kind)
	}
	if len(p.Priorities) > 0 {
		by = append(by, "priority="+strconv.Itoa(d.Priority))
	}
	if len(p.Teams) > 0 {
		by = append(by, "team="+strconv.FormatInt(d.Team, 10))
	}
	if len(p.Segments) > 0 {
		by = append(by, "segment="+d.Segment)
	}
	if p.Walled != nil {
		by = append(by, "walled="+strconv.FormatBool(d.Walled))
	}
	return strings.Join(by, " "), true
}

// NewClock is a clock that is about to start: what its row will hold.
type NewClock struct {
	Kind                   Kind
	PolicyID               *int64
	Policy                 string
	Why                    string // the conditions that chose the policy: "kind=reclamacao walled=false"
	Calendar               string
	CalendarVersion        int
	Amount                 int
	Unit                   Unit
	Roll, Pauses           bool
	LegalRef               string
	StartedAt, Due, Target time.Time
	Warn50, Warn75, Warn90 time.Time
}

// rulebook is the rules and calendars of one moment. It is immutable.
type rulebook struct {
	calendars Fixed
	groups    []group
	policies  map[int64]*rule
	segments  bool // whether one of them asks of what segment a customer is
}

// group are the rules of one kind of clock in one regime: the first that matches
// decides.
type group struct {
	kind  Kind
	rules []*rule
}

// rule is a policy with its calendar, and what it last computed.
type rule struct {
	Policy
	calendar *Calendar
	latest   *atomic.Pointer[dayDeadline]
}

// dayDeadline is what a term in days gives for every start of one day. Intake
// plans some ten thousand demands a second, nearly all of them of today.
type dayDeadline struct {
	day      brazil.Date
	deadline Deadline
}

// newRulebook checks that each policy can be computed, so that intake need not,
// and puts them in order. The error names the policy that cannot.
func newRulebook(calendars Fixed, list []Policy) (*rulebook, error) {
	b := &rulebook{calendars: calendars, policies: map[int64]*rule{}}
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Policy) int { return cmp.Compare(a.Position, b.Position) })
	for _, v := range list {
		c, err := calendars.Get(v.Calendar)
		if err == nil {
			_, err = c.Due(time.Now(), v.Term, nil)
		}
		if err != nil {
			return nil, fmt.Errorf("policy %q: %w", v.Name, err)
		}
		r := &rule{v, c, new(atomic.Pointer[dayDeadline])}
		b.policies[v.ID] = r
		b.segments = b.segments || len(v.Segments) > 0
		at := slices.IndexFunc(b.groups, func(g group) bool { return g.kind == v.Clock && g.rules[0].Regime == v.Regime })
		if at < 0 {
			b.groups = append(b.groups, group{kind: v.Clock})
			at = len(b.groups) - 1
		}
		b.groups[at].rules = append(b.groups[at].rules, r)
	}
	order := func(k Kind) int { return slices.Index(opening, k) }
	slices.SortStableFunc(b.groups, func(x, y group) int { return cmp.Compare(order(x.kind), order(y.kind)) })
	return b, nil
}

// plan says which clocks of these kinds a demand gets that begin at start.
func (b *rulebook) plan(kinds []Kind, d Demand, start time.Time) []NewClock {
	clocks := make([]NewClock, 0, len(b.groups))
	for _, g := range b.groups {
		if !slices.Contains(kinds, g.kind) {
			continue
		}
		for _, r := range g.rules {
			if why, ok := r.match(d); ok && (!r.ByHand || r.owes(d)) && r.valid(start) {
				clocks = append(clocks, r.clock(why, start))
				break
			}
		}
	}
	return clocks
}

// valid reports whether the rule is for what was registered at an instant.
func (r *rule) valid(start time.Time) bool {
	if r.From == (brazil.Date{}) && r.To == (brazil.Date{}) {
		return true
	}
	day := brazil.DateOf(start, r.calendar.Zone())
	return !day.Before(r.From) && (r.To == (brazil.Date{}) || !r.To.Before(day))
}

func (r *rule) clock(why string, start time.Time) NewClock {
	start = start.UTC().Truncate(time.Microsecond)
	d, err := r.due(start)
	if err != nil {
		// The policy was tried when it was loaded, so the start is absurd. A clock
		// that is due at once is looked at; one that is missing is not.
		d = Deadline{Due: start, Target: start, Warn: [3]time.Time{start, start, start}}
	}
	return NewClock{
		Kind: r.Clock, PolicyID: &r.ID, Policy: r.Name, Why: why, Calendar: r.calendar.ID(), CalendarVersion: r.calendar.Version(),
		Amount: r.Term.Amount, Unit: r.Term.Unit, Roll: r.Term.Roll, Pauses: r.Pauses, LegalRef: r.LegalRef,
		StartedAt: start, Due: d.Due, Target: d.Target,
		Warn50: d.Warn[0], Warn75: d.Warn[1], Warn90: d.Warn[2],
	}
}

func (r *rule) due(start time.Time) (Deadline, error) {
	if r.Term.Unit != CalendarDays && r.Term.Unit != BusinessDays {
		return r.calendar.Due(start, r.Term, nil)
	}
	day := brazil.DateOf(start, r.calendar.Zone())
	if known := r.latest.Load(); known != nil && known.day == day {
		return known.deadline, nil
	}
	d, err := r.calendar.Due(start, r.Term, nil)
	if err == nil {
		r.latest.Store(&dayDeadline{day, d})
	}
	return d, err
}
