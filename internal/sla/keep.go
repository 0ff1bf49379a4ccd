package sla

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/postgres"
)

// Faults of keeping calendars.
var (
	ErrKept            = fault.New(fault.Invalid, "calendar_invalid") // the fields say what
	ErrNoCalendar      = fault.New(fault.NotFound, "calendar_not_found")
	ErrBuiltIn         = fault.New(fault.Conflict, "calendar_built_in")
	ErrCalendarID      = fault.New(fault.Conflict, "calendar_id_taken")
	ErrCalendarVersion = fault.New(fault.Conflict, "calendar_version_conflict") // args: version, the current one
	ErrCalendarUsed    = fault.New(fault.Conflict, "calendar_in_use")           // args: by
)

// Bounds of a calendar.
const (
	MaxDays         = 2000 // special days
	maxIntervals    = 12   // of one day
	maxCalendarName = 80   // runes
	maxReason       = 120  // runes
)

// Kept is a calendar of the installation as people keep it. Checked makes a
// Calendar of it.
type Kept struct {
	ID        string                 `json:"-"`
	Name      string                 `json:"name"`
	Zone      string                 `json:"zone"` // of the IANA database
	Week      [weekLength][]Interval `json:"week"`
	Holidays  HolidaySet             `json:"holidays"`
	State     brazil.UF              `json:"state"`
	Optional  bool                   `json:"optional"`
	Days      []KeptDay              `json:"days"` // by date
	Version   int                    `json:"-"`
	UpdatedAt time.Time              `json:"-"`
	UpdatedBy *int64                 `json:"-"`
}

// KeptDay is a special day with where it came from.
type KeptDay struct {
	Day    brazil.Date `json:"day"`
	Hours  []Interval  `json:"hours"`
	Reason string      `json:"reason"`
	Source string      `json:"source"` // the file it was imported from; empty when it was typed
}

// Checked tidies what people typed and makes a calendar of it. The error names
// every field that is wrong, as paths of the request.
func (k Kept) Checked() (Kept, *Calendar, error) {
	bad := ErrKept
	wrong := func(field string, err error) {
		f := fault.From(err)
		bad = bad.Field(field, f.Code)
		bad.Details[len(bad.Details)-1].Args = f.Args
	}
	var ok bool
	if k.Name, ok = line(k.Name, maxCalendarName); !ok {
		bad = bad.Field("body.name", "calendar_name")
	}
	zone, err := time.LoadLocation(k.Zone)
	if err != nil || k.Zone == "" || k.Zone == "Local" {
		bad, zone = bad.Field("body.zone", "calendar_zone"), time.UTC
	}
	if _, known := holidaySets[k.Holidays]; !known {
		bad = bad.Field("body.holidays", "unknown_choice")
	}
	if k.State != "" && !slices.Contains(brazil.UFs, k.State) {
		bad = bad.Field("body.state", "unknown_choice")
	}
	for i, hours := range k.Week {
		if err := checkDay(hours); err != nil {
			wrong(fmt.Sprintf("body.week[%d]", i), err)
		}
	}
	h := Hours{Zone: zone, Week: k.Week, Holidays: k.Holidays, State: k.State, Optional: k.Optional, Special: map[brazil.Date]SpecialDay{}}
	k.Days = slices.Clone(k.Days)
	if len(k.Days) > MaxDays {
		return k, nil, bad.Field("body.days", "calendar_days_many")
	}
	for i, d := range k.Days {
		at := fmt.Sprintf("body.days[%d]", i)
		if d.Day.Year < firstYear || d.Day.Year > lastYear {
			bad = bad.Field(at, "bad_date")
		}
		if _, twice := h.Special[d.Day]; twice {
			bad = bad.Field(at, "calendar_day_twice")
		}
		if k.Days[i].Reason, ok = line(d.Reason, maxReason); !ok {
			bad = bad.Field(at, "calendar_day_reason")
		}
		if err := checkDay(d.Hours); err != nil {
			wrong(at, err)
		}
		h.Special[d.Day] = SpecialDay{Hours: d.Hours, Reason: k.Days[i].Reason}
		if len(bad.Details) > 50 {
			break
		}
	}
	if len(bad.Details) > 0 {
		return k, nil, bad
	}
	c, err := NewCalendar(k.ID, h)
	if err != nil {
		wrong("body.week", err)
		return k, nil, bad
	}
	slices.SortFunc(k.Days, func(a, b KeptDay) int { return strings.Compare(a.Day.String(), b.Day.String()) })
	return k, c, nil
}

func checkDay(hours []Interval) error {
	if len(hours) > maxIntervals {
		return ErrIntervals.With("max", maxIntervals)
	}
	return checkIntervals(hours)
}

// line tidies a text of one line; false when it is none, empty or too long.
func line(text string, longest int) (string, bool) {
	text = strings.Join(strings.Fields(text), " ")
	return text, text != "" && utf8.ValidString(text) && utf8.RuneCountInString(text) <= longest && !strings.ContainsFunc(text, unicode.IsControl)
}

// ListKept reads the calendars of the installation by name, with their special
// days, those that were removed left out.
func ListKept(ctx context.Context, db *gorm.DB) ([]Kept, error) {
	return readKept(db.WithContext(ctx), "removed_at IS NULL", "")
}

// GetKept reads one; absent or removed is ErrNoCalendar.
func GetKept(ctx context.Context, db *gorm.DB, id string) (Kept, error) {
	list, err := readKept(db.WithContext(ctx), "removed_at IS NULL AND id = ?", id)
	if err == nil && len(list) == 0 {
		err = ErrNoCalendar
	}
	if err != nil {
		return Kept{}, err
	}
	return list[0], nil
}

// AddKept stores a new calendar, and tells every node. The error names what is
// wrong, ErrBuiltIn when every installation has a calendar of that id.
func AddKept(tx *gorm.DB, builtIn Fixed, k Kept, by int64, at time.Time) (Kept, error) {
	if !validID(k.ID) {
		return Kept{}, ErrKept.Field("body.id", "calendar_id")
	}
	if _, taken := builtIn[k.ID]; taken {
		return Kept{}, ErrBuiltIn.Field("body.id", "calendar_id_built_in")
	}
	k, _, err := k.Checked()
	if err != nil {
		return Kept{}, err
	}
	k.Version, k.UpdatedAt, k.UpdatedBy = 1, at, &by
	err = tx.Exec("INSERT INTO calendars (id, name, zone, week, holidays, state, optional, updated_at, updated_by) VALUES (?, ?, ?, ?::jsonb, ?, ?, ?, ?, ?)",
		k.ID, k.Name, k.Zone, writeWeek(k.Week), k.Holidays, k.State, k.Optional, at, by).Error
	if postgres.IsUnique(err, "") {
		return Kept{}, ErrCalendarID.Field("body.id", "calendar_id_taken")
	}
	if err == nil {
		err = k.store(tx)
	}
	return k, err
}

// ChangeKept stores a calendar of which version is the one that was read, and
// tells every node. A change by which some rule could not be computed is refused.
func ChangeKept(tx *gorm.DB, builtIn Fixed, k Kept, by int64, at time.Time) (Kept, error) {
	if _, taken := builtIn[k.ID]; taken {
		return Kept{}, ErrBuiltIn
	}
	k, _, err := k.Checked()
	if err != nil {
		return Kept{}, err
	}
	if err := lockKept(tx, k.ID, k.Version); err != nil {
		return Kept{}, err
	}
	k.Version, k.UpdatedAt, k.UpdatedBy = k.Version+1, at, &by
	err = tx.Exec("UPDATE calendars SET name = ?, zone = ?, week = ?::jsonb, holidays = ?, state = ?, optional = ?, version = ?, updated_at = ?, updated_by = ? WHERE id = ?",
		k.Name, k.Zone, writeWeek(k.Week), k.Holidays, k.State, k.Optional, k.Version, at, by, k.ID).Error
	if err == nil {
		err = tx.Exec("DELETE FROM calendar_days WHERE calendar_id = ?", k.ID).Error
	}
	if err == nil {
		err = k.store(tx)
	}
	return k, err
}

// RemoveKept takes a calendar out of the choice. What was counted by it goes on
// being explained by it, so its id stays taken. ErrCalendarUsed says what still
// counts by it.
func RemoveKept(tx *gorm.DB, builtIn Fixed, id string, by int64, at time.Time) error {
	if _, taken := builtIn[id]; taken {
		return ErrBuiltIn
	}
	if err := lockKept(tx, id, 0); err != nil {
		return err
	}
	used, err := UsersOf(tx, []string{id})
	if err != nil {
		return err
	}
	if by := used[id]; len(by) > 0 {
		return ErrCalendarUsed.With("by", strings.Join(by, ", "))
	}
	err = tx.Exec("UPDATE calendars SET removed_at = ?, version = version + 1, updated_at = ?, updated_by = ? WHERE id = ?", at, at, by, id).Error
	if err == nil {
		err = tx.Exec(`INSERT INTO calendar_versions (calendar_id, version, body, at, account_id)
			SELECT id, version, '{"removed": true}', ?, ? FROM calendars WHERE id = ?`, at, by, id).Error
	}
	if err == nil {
		err = TellChanged(tx)
	}
	if err != nil {
		return fmt.Errorf("remove calendar %q: %w", id, err)
	}
	return nil
}

// UsersOf are the names of the rules and areas that count by each of some calendars.
func UsersOf(tx *gorm.DB, calendars []string) (map[string][]string, error) {
	var rows []struct{ Calendar, Name string }
	err := tx.Raw(`SELECT calendar, name FROM (
			SELECT p.calendar, p.name, 1 AS sort FROM sla_policies p JOIN regimes r ON r.id = p.regime_id WHERE p.active AND r.active
			UNION ALL SELECT calendar, name, 2 FROM areas WHERE active
		) u WHERE calendar IN ? ORDER BY sort, name`, append(calendars, "")).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read what counts by calendars: %w", err)
	}
	users := map[string][]string{}
	for _, r := range rows {
		users[r.Calendar] = append(users[r.Calendar], r.Name)
	}
	return users, nil
}

// lockKept holds a calendar until tx ends; version 0 takes any.
func lockKept(tx *gorm.DB, id string, version int) error {
	var rows []struct{ Version int }
	err := tx.Raw("SELECT version FROM calendars WHERE id = ? AND removed_at IS NULL FOR UPDATE", id).Scan(&rows).Error
	switch {
	case err != nil:
		return fmt.Errorf("lock calendar %q: %w", id, err)
	case len(rows) == 0:
		return ErrNoCalendar
	case version != 0 && rows[0].Version != version:
		return ErrCalendarVersion.With("version", rows[0].Version)
	}
	return nil
}

// store writes the special days and the record of this version, looks whether all
// rules can be computed with it, and tells every node.
func (k Kept) store(tx *gorm.DB) error {
	type day struct {
		Day    string          `json:"day"`
		Hours  json.RawMessage `json:"hours"`
		Reason string          `json:"reason"`
		Source string          `json:"source"`
	}
	days := make([]day, len(k.Days))
	for i, d := range k.Days {
		days[i] = day{d.Day.String(), json.RawMessage(writeHours(d.Hours)), d.Reason, d.Source}
	}
	list, err := json.Marshal(days)
	body, berr := json.Marshal(k)
	if err = errors.Join(err, berr); err == nil {
		err = tx.Exec(`INSERT INTO calendar_days (calendar_id, day, hours, reason, source)
			SELECT ?, day, hours, reason, source FROM jsonb_to_recordset(?::jsonb) AS d(day date, hours jsonb, reason text, source text)`, k.ID, string(list)).Error
	}
	if err == nil {
		err = tx.Exec("INSERT INTO calendar_versions (calendar_id, version, body, at, account_id) VALUES (?, ?, ?::jsonb, ?, ?)",
			k.ID, k.Version, string(body), k.UpdatedAt, k.UpdatedBy).Error
	}
	if err == nil {
		err = TellChanged(tx)
	}
	if err != nil {
		return fmt.Errorf("store calendar %q: %w", k.ID, err)
	}
	return k.bears(tx)
}

// bears looks whether every rule in force can be computed by the calendar.
func (k Kept) bears(tx *gorm.DB) error {
	_, c, err := k.Checked()
	if err != nil {
		return err
	}
	list, err := readPolicies(tx.Statement.Context, tx)
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(p Policy) bool { return p.Calendar != k.ID })
	_, err = newRulebook(Fixed{k.ID: c}, list)
	return err
}

// readKept reads calendars with their days.
func readKept(db *gorm.DB, where, id string) ([]Kept, error) {
	var rows []calendarRow
	var days []calendarDayRow
	args := []any{}
	if id != "" {
		args = append(args, id)
	}
	err := db.Raw("SELECT id, name, zone, week::text AS week, holidays, state, optional, version, updated_at, updated_by FROM calendars WHERE "+where+" ORDER BY lower(name), id", args...).Scan(&rows).Error
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	if err == nil && len(rows) > 0 {
		err = db.Raw("SELECT calendar_id, day, hours::text AS hours, reason, source FROM calendar_days WHERE calendar_id IN ? ORDER BY day", ids).Scan(&days).Error
	}
	if err != nil {
		return nil, fmt.Errorf("read the calendars: %w", err)
	}
	all := make([]Kept, len(rows))
	for i, r := range rows {
		h, err := r.hours()
		if err != nil {
			return nil, fmt.Errorf("calendar %q: %w", r.ID, err)
		}
		all[i] = Kept{ID: r.ID, Name: r.Name, Zone: r.Zone, Week: h.Week, Holidays: r.Holidays, State: r.State, Optional: r.Optional,
			Days: []KeptDay{}, Version: r.Version, UpdatedAt: r.UpdatedAt, UpdatedBy: r.UpdatedBy}
		for _, d := range days {
			if d.CalendarID != r.ID {
				continue
			}
			hours, err := parseHours(d.Hours)
			if err != nil {
				return nil, fmt.Errorf("calendar %q: %w", r.ID, err)
			}
			all[i].Days = append(all[i].Days, KeptDay{brazil.DateOf(d.Day, time.UTC), hours, d.Reason, d.Source})
		}
	}
	return all, nil
}

// With are the calendars with one of them replaced.
func (c Fixed) With(one *Calendar) Fixed {
	all := maps.Clone(c)
	all[one.ID()] = one
	return all
}

func writeWeek(week [weekLength][]Interval) string {
	days := make([]string, weekLength)
	for i, hours := range week {
		days[i] = writeHours(hours)
	}
	return "[" + strings.Join(days, ",") + "]"
}

func writeHours(hours []Interval) string {
	pairs := make([]string, len(hours))
	for i, v := range hours {
		pairs[i] = fmt.Sprintf("[%d,%d]", v.From, v.To)
	}
	return "[" + strings.Join(pairs, ",") + "]"
}

// validID reports whether an id is one that a calendar can have.
func validID(id string) bool {
	if id == "" || len(id) > 40 || id[0] == '-' {
		return false
	}
	return !strings.ContainsFunc(id, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' })
}
