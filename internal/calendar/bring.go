package calendar

import (
	"cmp"
	"context"
	"slices"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/sla"
)

// Brought is what a file of days does to a calendar, or would do.
type Brought struct {
	Adds     []Found
	Replaces []Replaced
	Skips    []Skipped
	Bad      []Bad
	// Calendar is the calendar afterwards; before it was done, as it is.
	Calendar Calendar
	Done     bool
}

// Replaced is a special day of which the file says something else.
type Replaced struct {
	Found
	Was sla.KeptDay
}

// Skipped is a day that changes nothing: Why is "same" when it stands there
// already, or "holiday" when the calendar is closed then by its own lists.
type Skipped struct {
	Found
	Why string
}

// Bring says what a file would add to the special days of a calendar, replace
// and leave out, and does it when really is set: then version is the one that
// was looked at. Days that the file does not name stay.
func (s *Service) Bring(ctx context.Context, actor access.Actor, id string, file []byte, name string, really bool, version int) (Brought, error) {
	if _, err := s.policies.BuiltIn().Get(id); err == nil {
		return Brought{}, sla.ErrBuiltIn
	}
	kept, err := sla.GetKept(ctx, s.db.Gorm, id)
	if err != nil {
		return Brought{}, err
	}
	from, to := years(s.now())
	found, bad, err := Read(file, from, to)
	if err != nil {
		return Brought{}, err
	}
	bare := kept
	bare.Days = nil // whose own lists are asked
	_, c, err := bare.Checked()
	if err != nil {
		return Brought{}, err
	}
	b := Brought{Bad: bad}
	closed := closedBy(c, found)
	days := slices.Clone(kept.Days)
	for _, f := range found {
		at := slices.IndexFunc(days, func(d sla.KeptDay) bool { return d.Day == f.Day })
		made := sla.KeptDay{Day: f.Day, Hours: f.Hours, Reason: f.Name, Source: name}
		switch {
		case at >= 0 && days[at].Reason == f.Name && slices.Equal(days[at].Hours, f.Hours):
			b.Skips = append(b.Skips, Skipped{f, "same"})
		case at >= 0:
			b.Replaces = append(b.Replaces, Replaced{f, days[at]})
			days[at] = made
		case closed[f.Day] && len(f.Hours) == 0:
			b.Skips = append(b.Skips, Skipped{f, "holiday"})
		default:
			b.Adds = append(b.Adds, f)
			days = append(days, made)
		}
	}
	slices.SortFunc(b.Adds, func(x, y Found) int { return cmp.Compare(x.Day.String(), y.Day.String()) })
	kept.Days = days
	if !really || len(b.Adds)+len(b.Replaces) == 0 {
		if _, _, err := kept.Checked(); err != nil {
			return Brought{}, err
		}
		b.Done = really
		b.Calendar, err = s.Get(ctx, id)
		return b, err
	}
	if version != 0 && version != kept.Version {
		return Brought{}, sla.ErrCalendarVersion.With("version", kept.Version)
	}
	b.Calendar, err = s.Change(ctx, actor, kept)
	b.Done = err == nil
	return b, err
}

// closedBy are those days on which the calendar's own lists close it for all day.
func closedBy(c *sla.Calendar, found []Found) map[brazil.Date]bool {
	closed, read := map[brazil.Date]bool{}, map[int]bool{}
	for _, f := range found {
		if read[f.Day.Year] {
			continue
		}
		read[f.Day.Year] = true
		for _, u := range c.Year(f.Day.Year) {
			closed[u.Day] = len(u.Hours) == 0
		}
	}
	return closed
}
