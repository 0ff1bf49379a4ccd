package sla

import "time"

// The built-in calendars.
const (
	CalendarBR     = "br"      // national holidays, Monday to Friday, 08:00 to 18:00
	CalendarBRBank = "br-bank" // the days on which banks settle
	Calendar24x7   = "24x7"    // always
)

// Calendars are the calendars of an installation by their id.
type Calendars map[string]*Calendar

// BuiltIn are the calendars that every installation has, in its time zone.
func BuiltIn(zone *time.Location) Calendars {
	var office, always [weekLength][]Interval
	for day := range always {
		always[day] = []Interval{{0, fullDay}}
	}
	for day := time.Monday; day <= time.Friday; day++ {
		office[day] = []Interval{{8 * 60, 18 * 60}}
	}
	all := Calendars{}
	for id, h := range map[string]Hours{
		CalendarBR:     {Zone: zone, Week: office, Holidays: NationalHolidays},
		CalendarBRBank: {Zone: zone, Week: office, Holidays: BankHolidays},
		Calendar24x7:   {Zone: zone, Week: always},
	} {
		c, err := NewCalendar(id, h)
		if err != nil {
			panic("sla: built-in calendar " + id + ": " + err.Error())
		}
		all[id] = c
	}
	return all
}

// Get finds a calendar; an unknown id is ErrCalendar.
func (c Calendars) Get(id string) (*Calendar, error) {
	if cal, ok := c[id]; ok {
		return cal, nil
	}
	return nil, ErrCalendar.With("calendar", id)
}
