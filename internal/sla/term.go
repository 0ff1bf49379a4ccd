package sla

import (
	"time"

	"github.com/escuta-sac/escuta/internal/brazil"
)

// Unit is what a term is counted in.
type Unit string

// The units. Days are whole civil days in the calendar's zone; the day of the
// start is excluded and the last one included (Código Civil art. 132, Lei
// 9.784/1999 art. 66). Hours and minutes count from the very instant, business
// hours in the calendar's opening hours, minutes in every minute there is.
const (
	CalendarDays  Unit = "calendar_days"
	BusinessDays  Unit = "business_days"
	BusinessHours Unit = "business_hours"
	Minutes       Unit = "minutes"
)

// most bounds the amount of each unit: about ten years, past which a term is a
// slip of the keyboard.
var most = map[Unit]int{CalendarDays: 3_660, BusinessDays: 2_600, BusinessHours: 26_000, Minutes: 5_270_000}

// Term is how long somebody has. Roll moves an end that falls on a day without
// opening hours to the next day that has some; terms in hours and in business
// days end on an open day anyway.
type Term struct {
	Amount int
	Unit   Unit
	Roll   bool
}

func (t Term) check() error {
	top, known := most[t.Unit]
	if !known {
		return ErrUnit.With("unit", string(t.Unit))
	}
	if t.Amount < 1 || t.Amount > top {
		return ErrAmount.With("max", top)
	}
	return nil
}

// Standstill is an interval in which a clock stood still. A zero To means that it
// still does.
type Standstill struct {
	ID        int64 // of its row, 0 of one that is only thought of
	From, To  time.Time
	Reason    string
	AccountID *int64 // who paused it; nil when a rule did
}

// Deadline is when a term ends and when its parts are over. Everything in it is
// UTC, to the microsecond.
type Deadline struct {
	// Due is when the clock runs out: the last microsecond of the last day, or
	// the exact instant for hours and minutes. It is LegalLimit for a term that
	// rolls and Target for one that does not.
	Due time.Time
	// Target is the end without rolling, LegalLimit the end with it. A law that
	// counts in calendar days is safest kept by its target.
	Target, LegalLimit time.Time
	// Warn are the instants at which 50, 75 and 90 per cent are over.
	Warn [3]time.Time
	// Standing is true while a pause has no end: then there is no deadline, and
	// the rest of the value is empty.
	Standing bool
}

// warnPercent are the parts of a term at which somebody is told before it ends.
var warnPercent = [3]int64{50, 75, 90}

// Reason says why a stretch of time was not counted.
type Reason string

// The reasons, keys of what people read (sla.reason.<reason>).
const (
	StartDay Reason = "start_day" // the day of the start is excluded
	Weekend  Reason = "weekend"
	Holiday  Reason = "holiday"
	Closed   Reason = "closed" // outside opening hours, or a day specially closed
	Paused   Reason = "paused"
	Rolled   Reason = "rolled" // the day to which the end was moved
)

// Step is one stretch of a deadline's explanation. The steps of a deadline
// follow each other without a gap, from the start to its end.
type Step struct {
	From, To time.Time
	Counted  bool
	Reason   Reason // why not, empty when counted
	Name     string // the holiday's key, a special day's or a pause's reason
	Amount   int64  // counted: whole days for terms in days, seconds for others
}

// Due computes when a term ends that began at start, the clock standing still
// in the pauses. It is a pure function: the same answer for ever.
func (c *Calendar) Due(start time.Time, t Term, pauses []Standstill) (Deadline, error) {
	return c.count(start, t, pauses, nil)
}

// Explain is Due together with every stretch of time that was counted or
// skipped, and why.
func (c *Calendar) Explain(start time.Time, t Term, pauses []Standstill) (Deadline, []Step, error) {
	var steps []Step
	d, err := c.count(start, t, pauses, func(s Step) { steps = append(steps, s) })
	return d, steps, err
}

// The years for which deadlines are computed.
const (
	firstYear = 1900
	lastYear  = 2200
)

func (c *Calendar) count(start time.Time, t Term, pauses []Standstill, tell func(Step)) (Deadline, error) {
	if err := t.check(); err != nil {
		return Deadline{}, err
	}
	if y := start.Year(); y < firstYear || y > lastYear {
		return Deadline{}, ErrStart
	}
	start = start.Truncate(time.Microsecond).UTC()
	if tell == nil {
		tell = func(Step) {}
	}
	w := walk{c: c, start: start, term: t, pauses: merge(pauses), tell: tell}
	switch t.Unit {
	case CalendarDays, BusinessDays:
		return w.days()
	default:
		return w.hours()
	}
}

// instantLong is the shortest time there is: PostgreSQL keeps no shorter.
const instantLong = time.Microsecond

// dayEnd is the last instant of a day, which is when a term in days ends: an
// answer in the last second of it is in time.
func (c *Calendar) dayEnd(d brazil.Date) time.Time {
	return d.AddDays(1).In(c.hours.Zone).Add(-instantLong).UTC()
}
