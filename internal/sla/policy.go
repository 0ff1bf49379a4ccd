package sla

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/brazil"
)

// Kind is what a clock measures.
type Kind string

// The kinds of clock.
const (
	FirstResponse Kind = "first_response" // until our first public reply
	NextResponse  Kind = "next_response"  // from a customer's message to our reply
	Resolution    Kind = "resolution"     // until the ticket is resolved
	Legal         Kind = "legal"          // a term of its own that some norm sets
)

// opening are the kinds that begin with the ticket, in the order they are shown.
var opening = []Kind{FirstResponse, Resolution, Legal}

// Demand is what a policy is chosen by.
type Demand struct {
	Channel  string
	Kind     string // of demand, such as reclamacao
	Priority int
	Team     int64
	Walled   bool
}

// Policy is one rule: which demands it is for, and which clock they get. An
// empty condition matches everything.
type Policy struct {
	ID         int64
	Name       string
	Position   int
	Channels   []string
	Kinds      []string
	Priorities []int
	Teams      []int64
	Walled     *bool
	Clock      Kind
	Calendar   string
	Term       Term
	Pauses     bool // whether the clock stands still while we wait for somebody else
	LegalRef   string
}

// match reports whether the policy is for d, and by which of its conditions.
func (p Policy) match(d Demand) (why string, ok bool) {
	switch {
	case len(p.Channels) > 0 && !slices.Contains(p.Channels, d.Channel),
		len(p.Kinds) > 0 && !slices.Contains(p.Kinds, d.Kind),
		len(p.Priorities) > 0 && !slices.Contains(p.Priorities, d.Priority),
		len(p.Teams) > 0 && !slices.Contains(p.Teams, d.Team),
		p.Walled != nil && *p.Walled != d.Walled:
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
	Amount                 int
	Unit                   Unit
	Roll, Pauses           bool
	LegalRef               string
	StartedAt, Due, Target time.Time
	Warn50, Warn75, Warn90 time.Time
}

// Policies are the rules in force and the calendars they count by. They are
// immutable: a change of rules makes new ones.
type Policies struct {
	calendars Calendars
	rules     map[Kind][]rule
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

// NewPolicies checks that each policy can be computed, so that intake need not,
// and puts them in order. The error names the policy that cannot.
func NewPolicies(calendars Calendars, list []Policy) (*Policies, error) {
	p := &Policies{calendars: calendars, rules: map[Kind][]rule{}}
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
		p.rules[v.Clock] = append(p.rules[v.Clock], rule{v, c, new(atomic.Pointer[dayDeadline])})
	}
	return p, nil
}

// LoadPolicies reads the active rules.
func LoadPolicies(ctx context.Context, db *gorm.DB, calendars Calendars) (*Policies, error) {
	list, err := readPolicies(ctx, db)
	if err != nil {
		return nil, err
	}
	return NewPolicies(calendars, list)
}

// Calendars are the calendars that clocks under these policies count by.
func (p *Policies) Calendars() Calendars { return p.calendars }

// Plan says which clocks a demand gets that is registered at start: for each
// kind the first policy that matches, or none. It reads nothing and writes
// nothing, and is quick enough to be asked for every single demand.
func (p *Policies) Plan(d Demand, start time.Time) []NewClock {
	clocks := make([]NewClock, 0, len(opening))
	for _, kind := range opening {
		for i := range p.rules[kind] {
			r := &p.rules[kind][i]
			if why, ok := r.match(d); ok {
				clocks = append(clocks, r.clock(why, start))
				break
			}
		}
	}
	return clocks
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
		Kind: r.Clock, PolicyID: &r.ID, Policy: r.Name, Why: why, Calendar: r.calendar.ID(),
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
