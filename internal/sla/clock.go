package sla

import "time"

// State is where a clock stands.
type State string

// The states of a clock. A running clock may have run out already.
const (
	Running   State = "running"
	Standing  State = "paused"
	Met       State = "met"       // stopped in time
	Missed    State = "missed"    // stopped too late
	Cancelled State = "cancelled" // taken back, such as by a merge
)

// The reasons for which rules pause a clock; keys of what people read
// (sla.pause.<reason>).
const (
	WaitingCustomer = "waiting_customer"
	WaitingThird    = "waiting_third"
	Answered        = "answered" // between the answer and the reopening
)

// The stages that are recorded of a clock: parts of its term, in per cent.
const (
	StageHalf          = 50
	StageThreeQuarters = 75
	StageMost          = 90
	StageDue           = 100 // the breach
)

// Clock is one deadline of a ticket, with all that explains it.
type Clock struct {
	ID        int64
	TicketID  int64
	Kind      Kind
	Policy    string // its name when the clock started
	PolicyID  *int64 // of the policy it was started by
	Why       string // the conditions by which it was chosen
	Calendar  string
	Term      Term
	Pauses    bool // whether waiting for others makes it stand still
	LegalRef  string
	State     State
	StartedAt time.Time
	// Due is when it runs out. Of a clock that stands still it is what it was
	// before the pause, and moves when the clock goes on.
	Due    time.Time
	Target time.Time // before rolling off a closed day
	// LegalLimit is the end with rolling, zero while the clock stands still.
	LegalLimit time.Time
	Extension  int // of the term, what it was extended by
	Warn       [3]time.Time
	Stage      int // highest stage recorded, 0 when none
	// StoppedAt is when it was met, missed or cancelled; BreachedAt when it ran out.
	StoppedAt, BreachedAt *time.Time
	Intervals             []Standstill
	Explanation           []Step
	// CalendarVersion is the one by which the deadline was computed, 0 of a
	// built-in calendar; its days are those of Zone.
	CalendarVersion int
	Zone            *time.Location
	AddsUp          bool // the explanation ends at Due, or the clock stands still
	Ground          Ground
	Extended        *Extended // nil when it was not
}

// Ground is what a deadline stands on: the regime of its policy, as it is now.
type Ground struct {
	Regime, Norm, Evidence, Source, CheckedBy string
	CheckedOn                                 *time.Time
	Extension                                 int // by how much a term may be extended; 0: never
}
