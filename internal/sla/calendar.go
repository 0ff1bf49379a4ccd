package sla

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/escuta-sac/escuta/internal/brazil"
)

// Clock times of a day, in minutes since its midnight. An interval may run past
// midnight: 22:00 to 30:00 is a night shift, which belongs to the day it begins.
const (
	fullDay    = 24 * 60
	latestEnd  = 2 * fullDay
	weekLength = 7
)

// Interval is opening hours by the clock on the wall, in minutes since midnight
// of the day it begins. To is not part of it.
type Interval struct{ From, To int }

// SpecialDay replaces what weekday and holidays say about one date: reduced
// hours, or closed when it has no interval. Reason is shown to people as it is.
type SpecialDay struct {
	Hours  []Interval
	Reason string
}

// HolidaySet names a list of holidays.
type HolidaySet string

// The built-in lists.
const (
	NoHolidays       HolidaySet = ""
	NationalHolidays HolidaySet = "national"
	BankHolidays     HolidaySet = "bank" // the national ones, Carnival and Corpus Christi (Res. CMN 4.880/2020)
)

var holidaySets = map[HolidaySet]func(year int) []brazil.Holiday{
	NoHolidays:       func(int) []brazil.Holiday { return nil },
	NationalHolidays: brazil.NationalHolidays,
	BankHolidays:     brazil.BankHolidays,
}

// Hours is what a calendar is made of.
type Hours struct {
	Zone     *time.Location
	Week     [weekLength][]Interval // by time.Weekday
	Special  map[brazil.Date]SpecialDay
	Holidays HolidaySet
	State    brazil.UF // whose holidays are kept, too; empty for none
	Optional bool      // whether the federal pontos facultativos are kept, half-days as such
}

// Calendar says at which instants a clock counts. It is immutable and safe for
// concurrent use.
type Calendar struct {
	id        string
	version   int // as it was kept; 0 when built in
	hours     Hours
	overnight bool
	years     sync.Map // int → map[brazil.Date]brazil.Holiday: of the years asked for
}

// NewCalendar checks the hours and makes a calendar of them. A week without any
// open hour is refused here, because a clock on it would never end; so are
// intervals that overlap, also across midnight.
func NewCalendar(id string, h Hours) (*Calendar, error) {
	if _, known := holidaySets[h.Holidays]; !known {
		return nil, ErrHolidays.With("holidays", string(h.Holidays))
	}
	if h.State != "" && !slices.Contains(brazil.UFs, h.State) {
		return nil, ErrHolidays.With("holidays", string(h.State))
	}
	c := &Calendar{id: id, hours: h}
	open := false
	for day, intervals := range h.Week {
		if err := checkIntervals(intervals); err != nil {
			return nil, err
		}
		open = open || len(intervals) > 0
		next := h.Week[(day+1)%weekLength]
		if n := len(intervals); n > 0 && intervals[n-1].To > fullDay {
			c.overnight = true
			if len(next) > 0 && intervals[n-1].To-fullDay > next[0].From {
				return nil, ErrOverlap
			}
		}
	}
	for _, s := range h.Special {
		if err := checkIntervals(s.Hours); err != nil {
			return nil, err
		}
		c.overnight = c.overnight || len(s.Hours) > 0 && s.Hours[len(s.Hours)-1].To > fullDay
	}
	if !open {
		return nil, ErrNeverOpen
	}
	return c, nil
}

func checkIntervals(list []Interval) error {
	for i, v := range list {
		if v.From < 0 || v.From >= fullDay || v.To <= v.From || v.To > latestEnd {
			return ErrInterval.With("from", clock(v.From)).With("to", clock(v.To))
		}
		if i > 0 && v.From < list[i-1].To {
			return ErrOverlap
		}
	}
	return nil
}

func clock(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

// ID is the name that policies and clocks store.
func (c *Calendar) ID() string { return c.id }

// Version is which saved state of the calendar this is, 0 of a built-in one.
func (c *Calendar) Version() int { return c.version }

// Zone is where the days of the calendar begin and end.
func (c *Calendar) Zone() *time.Location { return c.hours.Zone }

// Hours is what it was made of, which nobody changes.
func (c *Calendar) Hours() Hours { return c.hours }

// on says what the calendar knows about a day: its hours and, when it has none or
// fewer than its weekday, why. A special day beats a holiday, a holiday beats the
// weekday.
func (c *Calendar) on(d brazil.Date) (hours []Interval, why Reason, name string) {
	if s, ok := c.hours.Special[d]; ok {
		return s.Hours, Closed, s.Reason
	}
	hours = c.hours.Week[d.Weekday()]
	if h, ok := c.holiday(d); ok && len(hours) > 0 {
		return open(hours, h), Holiday, h.Key
	} else if ok {
		return nil, Holiday, h.Key
	}
	if len(hours) == 0 {
		return nil, closedWeekday(d), ""
	}
	return hours, "", ""
}

// open is what a holiday leaves of a day's hours: nothing, unless it is a half-day.
func open(hours []Interval, h brazil.Holiday) (left []Interval) {
	if h.Until == 0 && h.From == 0 {
		return nil
	}
	for _, v := range hours {
		if h.From != 0 {
			v.To = min(v.To, h.From)
		}
		if v.From = max(v.From, h.Until); v.From < v.To {
			left = append(left, v)
		}
	}
	return left
}

func closedWeekday(d brazil.Date) Reason {
	if wd := d.Weekday(); wd == time.Saturday || wd == time.Sunday {
		return Weekend
	}
	return Closed
}

func (c *Calendar) holiday(d brazil.Date) (brazil.Holiday, bool) {
	year, ok := c.years.Load(d.Year)
	if !ok {
		days := map[brazil.Date]brazil.Holiday{}
		for _, h := range c.holidays(d.Year) {
			if _, taken := days[h.Date]; !taken {
				days[h.Date] = h
			}
		}
		year, _ = c.years.LoadOrStore(d.Year, days)
	}
	h, ok := year.(map[brazil.Date]brazil.Holiday)[d]
	return h, ok
}

// holidays are those of a year; of two on one day the first is told. A day that
// closes whole stands before one that closes in part.
func (c *Calendar) holidays(year int) []brazil.Holiday {
	list := holidaySets[c.hours.Holidays](year)
	if c.hours.State != "" {
		list = append(list, brazil.StateHolidays(c.hours.State, year)...)
	}
	if c.hours.Optional {
		list = append(list, brazil.OptionalDays(year)...)
	}
	return list
}

// span is a stretch of time, To not part of it.
type span struct{ from, to time.Time }

// openOn appends the instants of the civil day d at which the calendar is open,
// in order and without overlaps. They come from the day's own hours and from a
// night shift that began the day before.
func (c *Calendar) openOn(dst []span, d brazil.Date) []span {
	begin, end := d.In(c.hours.Zone), d.AddDays(1).In(c.hours.Zone)
	first := len(dst)
	if c.overnight {
		dst = c.wall(dst, d.AddDays(-1))
	}
	dst = c.wall(dst, d)
	day := dst[first:]
	slices.SortFunc(day, func(a, b span) int { return a.from.Compare(b.from) })
	kept := dst[:first]
	for _, s := range day {
		if s.from.Before(begin) {
			s.from = begin
		}
		if n := len(kept); n > first && s.from.Before(kept[n-1].to) {
			s.from = kept[n-1].to
		}
		if s.to.After(end) {
			s.to = end
		}
		if s.from.Before(s.to) {
			kept = append(kept, s)
		}
	}
	return kept
}

// wall appends the instants at which the clock on the wall shows hours of d.
// Where clocks change, an hour that is skipped has none and one that is repeated
// has two.
func (c *Calendar) wall(dst []span, d brazil.Date) []span {
	hours, _, _ := c.on(d)
	if len(hours) == 0 {
		return dst
	}
	midnight := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
	for _, v := range hours {
		from, to := midnight.Add(time.Duration(v.From)*time.Minute), midnight.Add(time.Duration(v.To)*time.Minute)
		// No place is farther than this from UTC.
		const farthest = 15 * time.Hour
		for at, last := from.Add(-farthest), to.Add(farthest); at.Before(last); {
			_, offset := at.In(c.hours.Zone).Zone()
			begin, end := at.In(c.hours.Zone).ZoneBounds()
			shift := -time.Duration(offset) * time.Second
			s := span{from.Add(shift), to.Add(shift)}
			if !begin.IsZero() && s.from.Before(begin) {
				s.from = begin
			}
			if !end.IsZero() && s.to.After(end) {
				s.to = end
			}
			if s.from.Before(s.to) {
				dst = append(dst, s)
			}
			if end.IsZero() {
				break
			}
			at = end
		}
	}
	return dst
}
