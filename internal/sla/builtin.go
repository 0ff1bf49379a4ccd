package sla

import (
	"strings"
	"time"

	"github.com/escuta-sac/escuta/internal/brazil"
)

// The built-in calendars. Beside them there is one for each state, see CalendarOf.
const (
	CalendarBR     = "br"      // national holidays, Monday to Friday, 08:00 to 18:00
	CalendarBRBank = "br-bank" // the days on which banks settle
	Calendar24x7   = "24x7"    // always
)

// CalendarOf is the id of a state's calendar, such as "br-sp": that of the
// country with the state's holidays.
func CalendarOf(uf brazil.UF) string { return CalendarBR + "-" + strings.ToLower(string(uf)) }

// Calendars finds calendars by their id; an unknown id is ErrCalendar. What is
// found is that calendar as it is now: ask again, do not keep it.
type Calendars interface {
	Get(id string) (*Calendar, error)
}

// Fixed are calendars that do not change.
type Fixed map[string]*Calendar

// BuiltIn are the calendars that every installation has, in its time zone.
func BuiltIn(zone *time.Location) Fixed {
	var office, always [weekLength][]Interval
	for day := range always {
		always[day] = []Interval{{0, fullDay}}
	}
	for day := time.Monday; day <= time.Friday; day++ {
		office[day] = []Interval{{8 * 60, 18 * 60}}
	}
	hours := map[string]Hours{
		CalendarBR:     {Zone: zone, Week: office, Holidays: NationalHolidays},
		CalendarBRBank: {Zone: zone, Week: office, Holidays: BankHolidays},
		Calendar24x7:   {Zone: zone, Week: always},
	}
	for _, uf := range brazil.UFs {
		hours[CalendarOf(uf)] = Hours{Zone: zone, Week: office, Holidays: NationalHolidays, State: uf}
	}
	all := Fixed{}
	for id, h := range hours {
		c, err := NewCalendar(id, h)
		if err != nil {
			panic("sla: built-in calendar " + id + ": " + err.Error())
		}
		all[id] = c
	}
	return all
}

// Get finds a calendar; an unknown id is ErrCalendar.
func (c Fixed) Get(id string) (*Calendar, error) {
	if cal, ok := c[id]; ok {
		return cal, nil
	}
	return nil, ErrCalendar.With("calendar", id)
}

// Sorted are the calendars in the order in which people look for them: the
// country's, the banks', always, and the states'.
func (c Fixed) Sorted() []*Calendar {
	order := []string{CalendarBR, CalendarBRBank, Calendar24x7}
	for _, uf := range brazil.UFs {
		order = append(order, CalendarOf(uf))
	}
	var all []*Calendar
	for _, id := range order {
		if cal, ok := c[id]; ok {
			all = append(all, cal)
		}
	}
	return all
}
