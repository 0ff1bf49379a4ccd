package sla

import (
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/brazil"
)

// past finds calendars as they were when deadlines were computed by them.
type past struct {
	now      Calendars
	versions map[savedCalendar]*Calendar
}

type savedCalendar struct {
	id      string
	version int
}

// readPast reads the versions of calendars by which some clocks were computed and
// that are no longer those of now.
func readPast(db *gorm.DB, now Calendars, rows []clockRow) (past, error) {
	p := past{now, map[savedCalendar]*Calendar{}}
	for _, r := range rows {
		key := savedCalendar{r.Calendar, r.CalendarVersion}
		c, err := now.Get(r.Calendar)
		if _, known := p.versions[key]; known || key.version == 0 || err == nil && c.version == key.version {
			continue
		}
		// What was removed has a last version that says only that.
		var bodies []string
		err = db.Raw(`SELECT body::text FROM calendar_versions WHERE calendar_id = ? AND version <= ? AND NOT jsonb_exists(body, 'removed')
			ORDER BY version DESC LIMIT 1`, key.id, key.version).Scan(&bodies).Error
		if err == nil && len(bodies) == 0 {
			continue
		}
		if err == nil {
			c, err = savedAs(key, bodies[0])
		}
		if err != nil {
			return past{}, fmt.Errorf("read version %d of calendar %q: %w", key.version, key.id, err)
		}
		p.versions[key] = c
	}
	return p, nil
}

// of is the calendar by which a clock was computed.
func (p past) of(r clockRow) (*Calendar, error) {
	if c, kept := p.versions[savedCalendar{r.Calendar, r.CalendarVersion}]; kept {
		return c, nil
	}
	return p.now.Get(r.Calendar)
}

// savedAs makes a calendar of a version as it was stored. It was checked then,
// by the bounds of then.
func savedAs(key savedCalendar, body string) (*Calendar, error) {
	var k Kept
	if err := json.Unmarshal([]byte(body), &k); err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(k.Zone)
	if err != nil {
		return nil, err
	}
	h := Hours{Zone: zone, Week: k.Week, Holidays: k.Holidays, State: k.State, Optional: k.Optional, Special: map[brazil.Date]SpecialDay{}}
	for _, d := range k.Days {
		h.Special[d.Day] = SpecialDay{Hours: d.Hours, Reason: d.Reason}
	}
	c, err := NewCalendar(key.id, h)
	if err == nil {
		c.version = key.version
	}
	return c, err
}

// explain says how the deadline of a clock was counted, by the calendar as it was
// then. The due of a clock that was stopped while it stood still was left as
// before the pause: it is told as all pauses make it.
func (p past) explain(c *Clock, r clockRow) error {
	calendar, err := p.of(r)
	if err != nil {
		return err
	}
	var d Deadline
	d, c.Explanation, err = calendar.Explain(c.StartedAt, c.Term, c.Intervals)
	if err != nil {
		return err
	}
	c.LegalLimit, c.Zone = d.LegalLimit, calendar.Zone()
	if n := len(c.Intervals); n > 0 && c.StoppedAt != nil && c.Intervals[n-1].To.Equal(*c.StoppedAt) {
		c.Due, c.Target = d.Due, d.Target
	}
	c.AddsUp = d.Standing || d.Due.Equal(c.Due)
	return nil
}
