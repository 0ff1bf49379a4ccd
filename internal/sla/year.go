package sla

import (
	"slices"
	"time"

	"github.com/escuta-sac/escuta/internal/brazil"
)

// Origin is by whose list a day is not an ordinary one.
type Origin string

// The origins, the weightiest first.
const (
	OfSpecial  Origin = "special"  // a special day of the calendar itself
	OfNational Origin = "national" // a national holiday
	OfBank     Origin = "bank"
	OfState    Origin = "state"
	OfOptional Origin = "optional" // a ponto facultativo
)

// Unusual is a day that is not like its weekday.
type Unusual struct {
	Day    brazil.Date
	Origin Origin
	Name   string     // a holiday's key, or the words of a special day
	Hours  []Interval // that are left; none when it is closed
	// Rest is true where the weekday has no hours anyway.
	Rest bool
}

// Year are the days of a year that are not ordinary ones, by date.
func (c *Calendar) Year(year int) []Unusual {
	lists := []struct {
		origin Origin
		days   []brazil.Holiday
	}{
		{OfNational, ofSet(c.hours.Holidays, year)}, {OfBank, holidaySets[c.hours.Holidays](year)}, {OfState, nil}, {OfOptional, nil},
	}
	if c.hours.State != "" {
		lists[2].days = brazil.StateHolidays(c.hours.State, year)
	}
	if c.hours.Optional {
		lists[3].days = brazil.OptionalDays(year)
	}
	var out []Unusual
	for d := (brazil.Date{Year: year, Month: time.January, Day: 1}); d.Year == year; d = d.AddDays(1) {
		rest := len(c.hours.Week[d.Weekday()]) == 0
		hours, _, name := c.on(d)
		if _, special := c.hours.Special[d]; special {
			out = append(out, Unusual{d, OfSpecial, name, hours, rest})
			continue
		}
		h, is := c.holiday(d)
		if !is {
			continue
		}
		for _, l := range lists {
			if slices.Contains(l.days, h) {
				out = append(out, Unusual{d, l.origin, h.Key, hours, rest})
				break
			}
		}
	}
	return out
}

func ofSet(set HolidaySet, year int) []brazil.Holiday {
	if set == NoHolidays {
		return nil
	}
	return brazil.NationalHolidays(year)
}
