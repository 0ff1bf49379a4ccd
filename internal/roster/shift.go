package roster

import (
	"slices"
	"time"
)

const (
	fullDay   = 24 * 60
	latestEnd = 2 * fullDay
	maxShifts = 42 // six a day
)

// Shift is weekly working time by the clock on the wall, in minutes since
// midnight of the day on which it begins. To is not part of it; past 1440 the
// shift ends on the next day.
type Shift struct {
	Weekday  time.Weekday
	From, To int
}

// Hours are somebody's shifts, in a zone.
type Hours struct {
	Zone   *time.Location
	Shifts []Shift
}

// On reports whether somebody with these hours is on shift at an instant, and
// when that changes next. Without any shift they always are, and until is zero.
func (h Hours) On(now time.Time) (on bool, until time.Time) {
	if len(h.Shifts) == 0 {
		return true, time.Time{}
	}
	type span struct{ from, to time.Time }
	var spans []span
	local := now.In(h.Zone)
	for day := -1; day <= 8; day++ {
		date := time.Date(local.Year(), local.Month(), local.Day()+day, 0, 0, 0, 0, time.UTC)
		for _, s := range h.Shifts {
			if s.Weekday == date.Weekday() {
				spans = append(spans, span{h.wall(date, s.From), h.wall(date, s.To)})
			}
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return a.from.Compare(b.from) })
	for _, s := range spans {
		switch {
		case on && !s.from.After(until): // goes on without a break
			if s.to.After(until) {
				until = s.to
			}
		case on:
			return true, until
		case s.from.After(now):
			return false, s.from
		case s.to.After(now):
			on, until = true, s.to
		}
	}
	return on, until
}

// wall is the instant at which the clock shows so many minutes of a date.
func (h Hours) wall(date time.Time, minutes int) time.Time {
	return time.Date(date.Year(), date.Month(), date.Day(), 0, minutes, 0, 0, h.Zone)
}

// checkShifts puts shifts into their order and refuses what cannot be.
func checkShifts(shifts []Shift) ([]Shift, error) {
	if len(shifts) > maxShifts {
		return nil, ErrInvalid.Field("body.shifts", "roster_too_many")
	}
	sorted := slices.Clone(shifts)
	slices.SortFunc(sorted, func(a, b Shift) int {
		return (int(a.Weekday)*latestEnd + a.From) - (int(b.Weekday)*latestEnd + b.From)
	})
	for i, s := range sorted {
		if s.Weekday < time.Sunday || s.Weekday > time.Saturday || s.From < 0 || s.From >= fullDay || s.To <= s.From || s.To > latestEnd || s.To-s.From > fullDay {
			return nil, ErrInvalid.Field("body.shifts", "roster_shift_invalid")
		}
		if i > 0 && sorted[i-1].Weekday == s.Weekday && s.From < sorted[i-1].To {
			return nil, ErrInvalid.Field("body.shifts", "roster_shift_overlap")
		}
	}
	return sorted, nil
}

// zoneOf finds a zone by its name; an empty name is the given one.
func zoneOf(name string, usual *time.Location) (*time.Location, bool) {
	if name == "" {
		return usual, true
	}
	if name == "Local" {
		return nil, false // whatever the machine is set to
	}
	zone, err := time.LoadLocation(name)
	return zone, err == nil
}
