package phone

import (
	"cmp"
	"slices"
	"time"
)

// Facts are what is known of a call from the events of its exchange. They are
// a join: whatever the order in which events come, however often each comes, and
// on however many nodes, the same set of events gives the same facts.
type Facts struct {
	Queued    *time.Time `json:"queued,omitempty"`
	Ringing   *time.Time `json:"ringing,omitempty"`
	HungUp    *time.Time `json:"hung_up,omitempty"`
	Abandoned *time.Time `json:"abandoned,omitempty"`
	Legs      []Leg      `json:"legs,omitempty"`     // who had the caller, in order
	Rung      []Leg      `json:"rung,omitempty"`     // where it rang, in order
	Caller    Told       `json:"caller,omitzero"`    // the first number that was told, else the first of anything
	Recording Told       `json:"recording,omitzero"` // the last that was told
	First     time.Time  `json:"first,omitzero"`     // the earliest of all events
}

// Leg is a stretch in which one extension had the caller.
type Leg struct {
	At        time.Time `json:"at"`
	Extension string    `json:"extension"`
}

// Told is a value and when it was told.
type Told struct {
	At    time.Time `json:"at"`
	Value string    `json:"value"`
}

// maxLegs bounds the legs that are kept, the earliest: a call that is passed on
// more often tells nothing more.
const maxLegs = 50

// With adds an event.
func (f Facts) With(e Event) Facts {
	n := Facts{First: e.At}
	switch at := e.At; e.Kind {
	case Queued:
		n.Queued = &at
	case Ringing:
		n.Ringing = &at
		if e.Extension != "" {
			n.Rung = []Leg{{at, e.Extension}}
		}
	case HungUp:
		n.HungUp = &at
	case Abandoned:
		n.Abandoned = &at
	case Answered, Transferred:
		n.Legs = []Leg{{at, e.Extension}}
	case RecordingReady:
		if e.Recording != "" {
			n.Recording = Told{at, e.Recording}
		}
	}
	if e.Caller != "" {
		n.Caller = Told{e.At, e.Caller}
	}
	return f.Join(n)
}

// Join is what both know together.
func (f Facts) Join(g Facts) Facts {
	j := Facts{
		Queued: earlier(f.Queued, g.Queued), Ringing: earlier(f.Ringing, g.Ringing),
		// The last word on how it ended: a leg's end is told before the call's.
		HungUp: later(f.HungUp, g.HungUp), Abandoned: earlier(f.Abandoned, g.Abandoned),
		Legs: joinLegs(f.Legs, g.Legs), Rung: joinLegs(f.Rung, g.Rung), Caller: f.Caller, Recording: f.Recording, First: f.First,
	}
	if g.Caller.tellsMore(f.Caller) {
		j.Caller = g.Caller
	}
	if f.Recording.Value == "" || g.Recording.Value != "" && g.Recording.compare(f.Recording) > 0 {
		j.Recording = g.Recording
	}
	if f.First.IsZero() || !g.First.IsZero() && g.First.Before(f.First) {
		j.First = g.First
	}
	return j
}

func joinLegs(f, g []Leg) []Leg {
	legs := append(slices.Clone(f), g...)
	slices.SortFunc(legs, Leg.compare)
	legs = slices.CompactFunc(legs, func(a, b Leg) bool { return a.compare(b) == 0 })
	if len(legs) == 0 {
		return nil
	}
	return legs[:min(len(legs), maxLegs)]
}

func (l Leg) compare(m Leg) int {
	return cmp.Or(l.At.Compare(m.At), cmp.Compare(l.Extension, m.Extension))
}

// tellsMore reports whether t is to be preferred to u as the caller: a number to
// what is none, and of two the one that was told first.
func (t Told) tellsMore(u Told) bool {
	if t.Value == "" || u.Value == "" {
		return t.Value != ""
	}
	if number := ReadCaller(t.Value).Phone != ""; number != (ReadCaller(u.Value).Phone != "") {
		return number
	}
	return t.compare(u) < 0
}

func (t Told) compare(u Told) int {
	return cmp.Or(t.At.Compare(u.At), cmp.Compare(t.Value, u.Value))
}

func earlier(a, b *time.Time) *time.Time {
	if a == nil || b != nil && b.Before(*a) {
		return b
	}
	return a
}

func later(a, b *time.Time) *time.Time {
	if a == nil || b != nil && b.After(*a) {
		return b
	}
	return a
}

// State is where a call stands.
type State string

// The states.
const (
	Waiting State = "queued"
	Rings   State = "ringing"
	Talking State = "talking"
	Ended   State = "ended"
	Missed  State = "missed" // nobody answered before the caller left
)

// State follows from the facts alone. Whoever was answered was not missed, in
// whatever order that was told.
func (f Facts) State() State {
	switch {
	case len(f.Legs) > 0 && f.HungUp != nil:
		return Ended
	case len(f.Legs) > 0:
		return Talking
	case f.Abandoned != nil || f.HungUp != nil:
		return Missed
	case f.Ringing != nil:
		return Rings
	}
	return Waiting
}

// Extension is who had the caller last, empty when nobody answered.
func (f Facts) Extension() string {
	for _, l := range slices.Backward(f.Legs) {
		if l.Extension != "" {
			return l.Extension
		}
	}
	return ""
}

// together is how far apart the telephones of a group are told to ring.
const together = 5 * time.Second

// RingingAt are the extensions at which it rings, or rang last: one, or those of
// a group that ring together.
func (f Facts) RingingAt() []string {
	var at []string
	for _, l := range f.Rung {
		if f.Rung[len(f.Rung)-1].At.Sub(l.At) <= together && !slices.Contains(at, l.Extension) {
			at = append(at, l.Extension)
		}
	}
	return at
}

// Waited is how long the caller stood in the queue before a telephone rang or
// somebody answered, by the exchange's own clock; 0 when it did not say.
func (f Facts) Waited() time.Duration {
	end := f.Ringing
	if end == nil && len(f.Legs) > 0 {
		end = &f.Legs[0].At
	}
	if f.Queued == nil || end == nil {
		return 0
	}
	return max(0, end.Sub(*f.Queued))
}

// Duration is how long somebody talked, by the exchange's own clock; 0 until the
// call has ended. Both ends are told by the same clock, so it may be wrong.
func (f Facts) Duration() time.Duration {
	if f.State() != Ended {
		return 0
	}
	return max(0, f.HungUp.Sub(f.Legs[0].At))
}
