package sla

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/brazil"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func date(t testing.TB, s string) brazil.Date {
	t.Helper()
	d, err := brazil.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func instant(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// builtIn is a built-in calendar in the zone of São Paulo.
func builtIn(t testing.TB, id string) *Calendar {
	t.Helper()
	c, err := BuiltIn(zone(t, "America/Sao_Paulo")).Get(id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The columns are terms; each row is a start and the day on which each ends.
// Computed by hand from the public lists of holidays, and checked twice.
const dateVectors = `
start       br:3b       br:5b       br:7b       br:10b      br-bank:10b br:20b      br:7c       br:7cr      br:15cr     br:30cr
2024-11-14  2024-11-21  2024-11-25  2024-11-27  2024-12-02  2024-12-02  2024-12-16  2024-11-21  2024-11-21  2024-11-29  2024-12-16
2026-02-12  2026-02-17  2026-02-19  2026-02-23  2026-02-26  2026-03-02  2026-03-12  2026-02-19  2026-02-19  2026-02-27  2026-03-16
2026-03-27  2026-04-01  2026-04-06  2026-04-08  2026-04-13  2026-04-13  2026-04-28  2026-04-03  2026-04-06  2026-04-13  2026-04-27
2026-04-14  2026-04-17  2026-04-22  2026-04-24  2026-04-29  2026-04-29  2026-05-14  2026-04-21  2026-04-22  2026-04-29  2026-05-14
2026-06-03  2026-06-08  2026-06-10  2026-06-12  2026-06-17  2026-06-18  2026-07-01  2026-06-10  2026-06-10  2026-06-18  2026-07-03
2026-10-05  2026-10-08  2026-10-13  2026-10-15  2026-10-20  2026-10-20  2026-11-04  2026-10-12  2026-10-13  2026-10-20  2026-11-04
2026-11-13  2026-11-18  2026-11-23  2026-11-25  2026-11-30  2026-11-30  2026-12-14  2026-11-20  2026-11-23  2026-11-30  2026-12-14
2026-11-19  2026-11-25  2026-11-27  2026-12-01  2026-12-04  2026-12-04  2026-12-18  2026-11-26  2026-11-26  2026-12-04  2026-12-21
2026-11-22  2026-11-25  2026-11-27  2026-12-01  2026-12-04  2026-12-04  2026-12-18  2026-11-29  2026-11-30  2026-12-07  2026-12-22
2026-12-23  2026-12-29  2026-12-31  2027-01-05  2027-01-08  2027-01-08  2027-01-22  2026-12-30  2026-12-30  2027-01-07  2027-01-22
2027-02-04  2027-02-09  2027-02-11  2027-02-15  2027-02-18  2027-02-22  2027-03-04  2027-02-11  2027-02-11  2027-02-19  2027-03-08
2028-04-12  2028-04-18  2028-04-20  2028-04-25  2028-04-28  2028-04-28  2028-05-15  2028-04-19  2028-04-19  2028-04-27  2028-05-12
`

func TestDateVectors(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(dateVectors), "\n")
	terms := strings.Fields(lines[0])[1:]
	saoPaulo := zone(t, "America/Sao_Paulo")
	for _, line := range lines[1:] {
		cells := strings.Fields(line)
		// The hour of the registration does not matter, from the first second to the last.
		for _, hour := range []time.Duration{0, 14*time.Hour + 30*time.Minute, 24*time.Hour - time.Second} {
			start := date(t, cells[0]).In(saoPaulo).Add(hour)
			for i, name := range terms {
				calendar, term := parseTerm(t, name)
				got, err := builtIn(t, calendar).Due(start, term, nil)
				if err != nil {
					t.Fatal(err)
				}
				if day := brazil.DateOf(got.Due, saoPaulo).String(); day != cells[i+1] {
					t.Errorf("%s + %s = %s, want %s", start, name, day, cells[i+1])
				}
				if got.Due.In(saoPaulo).Format("15:04:05.000000") != "23:59:59.999999" {
					t.Errorf("%s + %s ends at %s", start, name, got.Due.In(saoPaulo))
				}
			}
		}
	}
}

// parseTerm reads the head of a column: calendar, amount, b(usiness) or
// c(alendar) days, r(olling).
func parseTerm(t testing.TB, s string) (string, Term) {
	t.Helper()
	calendar, rest, _ := strings.Cut(s, ":")
	amount, err := strconv.Atoi(strings.TrimRight(rest, "bcr"))
	if err != nil {
		t.Fatal(err)
	}
	term := Term{Amount: amount, Unit: CalendarDays, Roll: strings.Contains(rest, "r")}
	if strings.Contains(rest, "b") {
		term.Unit = BusinessDays
	}
	return calendar, term
}

func TestExtensionsContinueWhereTheTermEnded(t *testing.T) {
	c := builtIn(t, CalendarBRBank)
	for _, v := range []struct{ start, first, second string }{
		{"2026-11-05", "2026-11-19", "2026-12-04"},
		{"2026-02-10", "2026-02-26", "2026-03-12"},
		{"2026-12-14", "2026-12-29", "2027-01-13"},
	} {
		due := func(start time.Time, days int) time.Time {
			d, err := c.Due(start, Term{Amount: days, Unit: BusinessDays}, nil)
			if err != nil {
				t.Fatal(err)
			}
			return d.Due
		}
		start := date(t, v.start).In(c.Zone()).Add(9 * time.Hour)
		first := due(start, 10)
		if got := brazil.DateOf(first, c.Zone()).String(); got != v.first {
			t.Errorf("%s + 10 = %s, want %s", v.start, got, v.first)
		}
		second := due(first, 10)
		if got := brazil.DateOf(second, c.Zone()).String(); got != v.second {
			t.Errorf("%s + 10 = %s, want %s", v.first, got, v.second)
		}
		if whole := due(start, 20); !whole.Equal(second) {
			t.Errorf("%s: 10 + 10 end %s, 20 end %s", v.start, second, whole)
		}
	}
}

func TestTheStartDayIsThatOfTheCalendarsZone(t *testing.T) {
	for _, v := range []struct{ zone, start, want string }{
		{"America/Sao_Paulo", "2026-11-22T02:59:59Z", "2026-11-28"},
		{"America/Sao_Paulo", "2026-11-22T03:00:00Z", "2026-11-29"},
		{"America/Rio_Branco", "2026-11-22T04:59:59Z", "2026-11-28"},
	} {
		loc := zone(t, v.zone)
		d, err := BuiltIn(loc)[CalendarBR].Due(instant(t, v.start), Term{Amount: 7, Unit: CalendarDays}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := brazil.DateOf(d.Due, loc).String(); got != v.want {
			t.Errorf("%s in %s + 7 days = %s, want %s", v.start, v.zone, got, v.want)
		}
	}
}

func TestTargetAndLegalLimitPartOnAClosedDay(t *testing.T) {
	c := builtIn(t, CalendarBR)
	start := date(t, "2026-11-22").In(c.Zone()).Add(10 * time.Hour)
	for _, roll := range []bool{false, true} {
		d, err := c.Due(start, Term{Amount: 7, Unit: CalendarDays, Roll: roll}, nil)
		if err != nil {
			t.Fatal(err)
		}
		target, limit := brazil.DateOf(d.Target, c.Zone()).String(), brazil.DateOf(d.LegalLimit, c.Zone()).String()
		if target != "2026-11-29" || limit != "2026-11-30" {
			t.Errorf("roll %v: target %s, limit %s", roll, target, limit)
		}
		if want := d.Target; roll {
			want = d.LegalLimit
			if !d.Due.Equal(want) {
				t.Errorf("rolling, due %s", d.Due)
			}
		} else if !d.Due.Equal(want) {
			t.Errorf("not rolling, due %s", d.Due)
		}
	}
}

func TestBusinessHours(t *testing.T) {
	c := builtIn(t, CalendarBR)
	at := func(s string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04:05", s, c.Zone())
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, v := range []struct {
		name, start string
		term        Term
		want        string
	}{
		{"within the day", "2026-11-23 09:15:30", Term{Amount: 4, Unit: BusinessHours}, "2026-11-23 13:15:30"},
		{"over the night", "2026-11-23 16:00:00", Term{Amount: 4, Unit: BusinessHours}, "2026-11-24 10:00:00"},
		{"over the weekend and a holiday", "2026-11-19 17:00:00", Term{Amount: 4, Unit: BusinessHours}, "2026-11-23 11:00:00"},
		{"from the night before", "2026-11-22 23:00:00", Term{Amount: 1, Unit: BusinessHours}, "2026-11-23 09:00:00"},
		{"to the very end of the day", "2026-11-23 08:00:00", Term{Amount: 10, Unit: BusinessHours}, "2026-11-23 18:00:00"},
		{"from the very end of the day", "2026-11-23 18:00:00", Term{Amount: 30, Unit: Minutes}, "2026-11-24 08:30:00"},
	} {
		d, err := c.Due(at(v.start), v.term, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !d.Due.Equal(at(v.want)) || !d.Target.Equal(d.Due) || !d.LegalLimit.Equal(d.Due) {
			t.Errorf("%s: due %s, want %s", v.name, d.Due.In(c.Zone()), v.want)
		}
	}
}

func TestWarningsArePartsOfWhatCounts(t *testing.T) {
	c := builtIn(t, CalendarBR)
	start := date(t, "2026-11-23").In(c.Zone()).Add(16 * time.Hour)
	hours, err := c.Due(start, Term{Amount: 4, Unit: BusinessHours}, nil)
	if err != nil {
		t.Fatal(err)
	}
	days, err := c.Due(start, Term{Amount: 10, Unit: BusinessDays}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"2026-11-23 18:00:00", "2026-11-24 09:00:00", "2026-11-24 09:36:00"} {
		if got := hours.Warn[i].In(c.Zone()).Format(time.DateTime); got != want {
			t.Errorf("%d%% of 4 hours: %s, want %s", warnPercent[i], got, want)
		}
	}
	// The fifth business day is Monday 30, the eighth Thursday 3, the ninth Friday 4.
	for i, want := range []string{"2026-12-01 00:00:00", "2026-12-03 12:00:00", "2026-12-05 00:00:00"} {
		if got := days.Warn[i].In(c.Zone()).Format(time.DateTime); got != want {
			t.Errorf("%d%% of 10 days: %s, want %s", warnPercent[i], got, want)
		}
	}
}

func TestCalendarsAreRefusedWhenMadeNotWhenUsed(t *testing.T) {
	week := func(day time.Weekday, list ...Interval) (w [7][]Interval) {
		w[day] = list
		return w
	}
	two := week(time.Monday, Interval{22 * 60, 30 * 60})
	two[time.Tuesday] = []Interval{{5 * 60, 12 * 60}}
	for name, v := range map[string]struct {
		hours Hours
		want  error
	}{
		"never open":             {Hours{}, ErrNeverOpen},
		"only specially open":    {Hours{Special: map[brazil.Date]SpecialDay{{Year: 2026, Month: 1, Day: 1}: {Hours: []Interval{{0, 60}}}}}, ErrNeverOpen},
		"ends before it begins":  {Hours{Week: week(time.Monday, Interval{600, 600})}, ErrInterval},
		"begins the next day":    {Hours{Week: week(time.Monday, Interval{1440, 1500})}, ErrInterval},
		"before midnight":        {Hours{Week: week(time.Monday, Interval{-1, 60})}, ErrInterval},
		"longer than two days":   {Hours{Week: week(time.Monday, Interval{0, 2881})}, ErrInterval},
		"overlap":                {Hours{Week: week(time.Monday, Interval{480, 720}, Interval{700, 1080})}, ErrOverlap},
		"out of order":           {Hours{Week: week(time.Monday, Interval{720, 1080}, Interval{480, 700})}, ErrOverlap},
		"overlap past midnight":  {Hours{Week: two}, ErrOverlap},
		"unknown holidays":       {Hours{Week: week(time.Monday, Interval{0, 60}), Holidays: "lunar"}, ErrHolidays},
		"a special day is wrong": {Hours{Week: week(time.Monday, Interval{0, 60}), Special: map[brazil.Date]SpecialDay{{Year: 2026, Month: 1, Day: 1}: {Hours: []Interval{{9, 3}}}}}, ErrInterval},
	} {
		v.hours.Zone = time.UTC
		if _, err := NewCalendar("x", v.hours); !errors.Is(err, v.want) {
			t.Errorf("%s: err = %v, want %v", name, err, v.want)
		}
	}
	if _, err := NewCalendar("x", Hours{Zone: time.UTC, Week: week(time.Saturday, Interval{22 * 60, 30 * 60})}); err != nil {
		t.Errorf("a night shift from Saturday to Sunday: %v", err)
	}
}

func TestAbsurdTermsAreRefused(t *testing.T) {
	c := builtIn(t, CalendarBR)
	now := instant(t, "2026-11-22T12:00:00Z")
	for name, v := range map[string]struct {
		start time.Time
		term  Term
		want  error
	}{
		"nothing":       {now, Term{Amount: 0, Unit: BusinessDays}, ErrAmount},
		"negative":      {now, Term{Amount: -1, Unit: BusinessHours}, ErrAmount},
		"a century":     {now, Term{Amount: 36_500, Unit: CalendarDays}, ErrAmount},
		"no unit":       {now, Term{Amount: 1}, ErrUnit},
		"the year 1":    {time.Time{}, Term{Amount: 1, Unit: Minutes}, ErrStart},
		"the year 9999": {time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), Term{Amount: 1, Unit: Minutes}, ErrStart},
	} {
		if _, err := c.Due(v.start, v.term, nil); !errors.Is(err, v.want) {
			t.Errorf("%s: err = %v, want %v", name, err, v.want)
		}
	}
	var week [7][]Interval
	week[time.Monday] = []Interval{{0, 1}}
	rare, err := NewCalendar("rare", Hours{Zone: time.UTC, Week: week})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rare.Due(now, Term{Amount: 26_000, Unit: BusinessHours}, nil); !errors.Is(err, ErrUnreachable) {
		t.Errorf("26,000 hours at a minute a week: err = %v", err)
	}
}
