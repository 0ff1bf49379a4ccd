package sla

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/brazil"
)

type calendarRow struct {
	ID, Name, Zone string
	Week           string // seven lists, from Sunday, of [from, to] in minutes
	Holidays       HolidaySet
	State          brazil.UF
	Optional       bool
	Version        int
	UpdatedAt      time.Time
	UpdatedBy      *int64
}

type calendarDayRow struct {
	CalendarID string
	Day        time.Time
	Hours      string
	Reason     string
	Source     string
}

// readCalendars reads the calendars of the installation, beside the built-in ones.
func readCalendars(ctx context.Context, db *gorm.DB, builtIn Fixed) (Fixed, error) {
	var rows []calendarRow
	var days []calendarDayRow
	db = db.WithContext(ctx)
	err := db.Raw("SELECT id, name, zone, week::text AS week, holidays, state, optional, version FROM calendars ORDER BY id").Scan(&rows).Error
	if err == nil && len(rows) > 0 {
		err = db.Raw("SELECT calendar_id, day, hours::text AS hours, reason FROM calendar_days").Scan(&days).Error
	}
	if err != nil {
		return nil, fmt.Errorf("read the calendars: %w", err)
	}
	all := maps.Clone(builtIn)
	for _, r := range rows {
		h, err := r.hours()
		for _, d := range days {
			if err == nil && d.CalendarID == r.ID {
				var hours []Interval
				hours, err = parseHours(d.Hours)
				h.Special[brazil.DateOf(d.Day, time.UTC)] = SpecialDay{Hours: hours, Reason: d.Reason}
			}
		}
		var c *Calendar
		if err == nil {
			c, err = NewCalendar(r.ID, h)
		}
		if err != nil {
			return nil, fmt.Errorf("calendar %q: %w", r.ID, err)
		}
		c.version = r.Version
		all[r.ID] = c
	}
	return all, nil
}

func (r calendarRow) hours() (Hours, error) {
	h := Hours{Holidays: r.Holidays, State: r.State, Optional: r.Optional, Special: map[brazil.Date]SpecialDay{}}
	var week [weekLength]json.RawMessage
	err := json.Unmarshal([]byte(r.Week), &week)
	for day := range week {
		if err == nil {
			h.Week[day], err = parseHours(string(week[day]))
		}
	}
	if err == nil {
		h.Zone, err = time.LoadLocation(r.Zone)
	}
	return h, err
}

// parseHours reads [[480,1080], …], minutes since midnight.
func parseHours(text string) ([]Interval, error) {
	var pairs [][2]int
	if err := json.Unmarshal([]byte(text), &pairs); err != nil {
		return nil, err
	}
	var list []Interval
	for _, p := range pairs {
		list = append(list, Interval{p[0], p[1]})
	}
	return list, nil
}
