package brazil

import (
	"fmt"
	"time"
)

// Date is a day of the civil calendar, without hour and zone: what holidays and
// terms counted in days are made of. The zero value is no day.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf is the day that t is in loc.
func DateOf(t time.Time, loc *time.Location) Date {
	y, m, d := t.In(loc).Date()
	return Date{y, m, d}
}

// ParseDate reads AAAA-MM-DD.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, ErrDate
	}
	return DateOf(t, time.UTC), nil
}

// In is the first instant of the day in loc: midnight, or, where a clock change
// skips midnight (São Paulo, 4 November 2018), the first instant after it.
func (d Date) In(loc *time.Location) time.Time {
	// Of a midnight that does not exist, or comes twice, Go takes whichever of
	// the two offsets it likes. Clocks change by half hours at the least.
	const step = 30 * time.Minute
	t := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, loc)
	if begin, end := t.ZoneBounds(); (begin.IsZero() || t.Sub(begin) > 24*time.Hour) && (end.IsZero() || end.Sub(t) > 24*time.Hour) {
		return t // no change is near, as on nearly all days
	}
	for DateOf(t, loc).Before(d) {
		t = t.Add(step)
	}
	for !DateOf(t.Add(-step), loc).Before(d) {
		t = t.Add(-step)
	}
	return t
}

// AddDays moves by n days of the calendar.
func (d Date) AddDays(n int) Date {
	return DateOf(time.Date(d.Year, d.Month, d.Day+n, 0, 0, 0, 0, time.UTC), time.UTC)
}

// Weekday is the day of the week.
func (d Date) Weekday() time.Weekday {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Weekday()
}

// Before reports whether d comes before o.
func (d Date) Before(o Date) bool {
	if d.Year != o.Year {
		return d.Year < o.Year
	}
	if d.Month != o.Month {
		return d.Month < o.Month
	}
	return d.Day < o.Day
}

// IsZero reports whether d is no day.
func (d Date) IsZero() bool { return d == Date{} }

// String is AAAA-MM-DD.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }
