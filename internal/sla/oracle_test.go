package sla

import (
	"slices"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/brazil"
	"pgregory.net/rapid"
)

// The oracle counts as a person with a clock on the wall and a list of holidays
// would: minute by minute, or day by day, asking of each alone whether it counts.
// It shares no code with the engine but the lists of package brazil.

type wall struct {
	Hours
	days map[brazil.Date][]Interval // those that were looked up
}

func onWall(h Hours) wall { return wall{h, map[brazil.Date][]Interval{}} }

func (w wall) on(d brazil.Date) []Interval {
	hours, ok := w.days[d]
	if !ok {
		hours = hoursOf(w.Hours, d)
		w.days[d] = hours
	}
	return hours
}

func (w wall) open(at time.Time) bool {
	local := at.In(w.Zone)
	day := brazil.DateOf(at, w.Zone)
	minute := local.Hour()*60 + local.Minute()
	within := func(list []Interval, minute int) bool {
		return slices.ContainsFunc(list, func(v Interval) bool { return v.From <= minute && minute < v.To })
	}
	return within(w.on(day), minute) || within(w.on(day.AddDays(-1)), minute+24*60)
}

func hoursOf(h Hours, d brazil.Date) []Interval {
	if s, ok := h.Special[d]; ok {
		return s.Hours
	}
	var off []brazil.Holiday
	switch h.Holidays {
	case NationalHolidays:
		off = brazil.NationalHolidays(d.Year)
	case BankHolidays:
		off = brazil.BankHolidays(d.Year)
	}
	if h.State != "" {
		off = append(off, brazil.StateHolidays(h.State, d.Year)...)
	}
	if h.Optional {
		off = append(off, brazil.OptionalDays(d.Year)...)
	}
	for _, v := range off { // of two on one day the first list's
		if v.Date == d {
			return remaining(h.Week[d.Weekday()], v)
		}
	}
	return h.Week[d.Weekday()]
}

// remaining cuts a half-day out of hours minute by minute.
func remaining(hours []Interval, off brazil.Holiday) (left []Interval) {
	if off.From == 0 && off.Until == 0 {
		return nil
	}
	for _, v := range hours {
		open := -1
		for m := v.From; m <= v.To; m++ {
			within := m < v.To && (off.Until == 0 || m >= off.Until) && (off.From == 0 || m < off.From)
			if within && open < 0 {
				open = m
			}
			if !within && open >= 0 {
				left = append(left, Interval{open, m})
				open = -1
			}
		}
	}
	return left
}

func inPause(pauses []Standstill, at time.Time) bool {
	return slices.ContainsFunc(pauses, func(p Standstill) bool { return !at.Before(p.From) && at.Before(p.To) })
}

func countMinutes(h Hours, start time.Time, minutes int, pauses []Standstill) (time.Time, bool) {
	w := onWall(h)
	for range 400_000 {
		if w.open(start) && !inPause(pauses, start) {
			minutes--
		}
		start = start.Add(time.Minute)
		if minutes == 0 {
			return start, true
		}
	}
	return time.Time{}, false
}

func countDays(h Hours, start time.Time, t Term, pauses []Standstill) time.Time {
	y, m, d := start.In(h.Zone).Date()
	for n, left := 1, t.Amount; ; n++ {
		day := brazil.DateOf(time.Date(y, m, d+n, 0, 0, 0, 0, time.UTC), time.UTC)
		next := time.Date(y, m, d+n+1, 0, 0, 0, 0, time.UTC)
		// The last instant: one before the first instant that shows the next date.
		end := brazil.DateOf(next, time.UTC).In(h.Zone).Add(-time.Microsecond)
		if inPause(pauses, end) {
			continue
		}
		open := len(hoursOf(h, day)) > 0
		if left > 0 && (open || t.Unit == CalendarDays) {
			left--
		}
		if left == 0 && (open || !t.Roll) {
			return end
		}
	}
}

// Zones of all sorts, and moments around which their clocks change: in São Paulo
// and Havana at midnight, in Lord Howe by half an hour. Not among them is St.
// John's until 2011, where a day that had begun gave way to the one before: no
// law says what that means.
var moments = []struct{ zone, near string }{
	{"America/Sao_Paulo", "2026-11-19T00:00:00Z"},
	{"America/Sao_Paulo", "2018-11-02T00:00:00Z"},
	{"America/Sao_Paulo", "2019-02-15T00:00:00Z"},
	{"America/Rio_Branco", "2026-02-12T00:00:00Z"},
	{"America/Noronha", "2024-12-23T00:00:00Z"},
	{"America/Havana", "2025-10-31T00:00:00Z"},
	{"America/New_York", "2025-03-07T00:00:00Z"},
	{"Europe/Lisbon", "2025-10-24T00:00:00Z"},
	{"Australia/Lord_Howe", "2025-04-04T00:00:00Z"},
	{"Asia/Kathmandu", "2026-01-01T00:00:00Z"},
	{"America/Sao_Paulo", "2026-02-13T00:00:00Z"},  // Carnival, and Ash Wednesday from two o'clock
	{"America/Bahia", "2026-12-22T00:00:00Z"},      // the half-days at the end of the year
	{"America/Rio_Branco", "2027-09-02T00:00:00Z"}, // Acre moves a Sunday's neighbour to a Friday
}

func drawHours(t *rapid.T, loc *time.Location, near time.Time) Hours {
	h := Hours{Zone: loc, Holidays: rapid.SampledFrom([]HolidaySet{NoHolidays, NationalHolidays, BankHolidays}).Draw(t, "holidays")}
	if rapid.Bool().Draw(t, "of a state") {
		h.State = rapid.SampledFrom(brazil.UFs).Draw(t, "state")
	}
	h.Optional = rapid.Bool().Draw(t, "pontos facultativos")
	intervals := func(label string, night bool) []Interval {
		var list []Interval
		at := 0
		for range rapid.IntRange(0, 3).Draw(t, label) {
			v := Interval{From: at + rapid.IntRange(0, 500).Draw(t, "from")}
			v.To = v.From + rapid.IntRange(20, 600).Draw(t, "long")
			if v.From >= fullDay {
				break
			}
			if !night || v.To > fullDay+240 {
				v.To = min(v.To, fullDay)
			}
			at = v.To
			list = append(list, v)
		}
		return list
	}
	for day := range h.Week {
		h.Week[day] = intervals("week", true)
	}
	for day := range h.Week {
		n, next := len(h.Week[day]), h.Week[(day+1)%7]
		if n > 0 && len(next) > 0 && h.Week[day][n-1].To-fullDay > next[0].From {
			h.Week[day][n-1].To = fullDay
		}
	}
	if _, err := NewCalendar("x", h); err != nil {
		h.Week[time.Wednesday] = []Interval{{9 * 60, 12 * 60}}
	}
	h.Special = map[brazil.Date]SpecialDay{}
	for range rapid.IntRange(0, 3).Draw(t, "specials") {
		d := brazil.DateOf(near, time.UTC).AddDays(rapid.IntRange(0, 9).Draw(t, "special"))
		h.Special[d] = SpecialDay{Hours: intervals("hours", false), Reason: "jogo"}
	}
	return h
}

func drawPauses(t *rapid.T, start time.Time) []Standstill {
	var list []Standstill
	for range rapid.IntRange(0, 4).Draw(t, "pauses") {
		from := start.Add(time.Duration(rapid.IntRange(-600, 9_000).Draw(t, "pause")) * time.Minute)
		list = append(list, Standstill{From: from, To: from.Add(time.Duration(rapid.IntRange(0, 3_000).Draw(t, "for")) * time.Minute)})
	}
	return list
}

func drawCase(t *rapid.T) (*Calendar, Hours, time.Time, []Standstill) {
	m := rapid.SampledFrom(moments).Draw(t, "moment")
	loc, err := time.LoadLocation(m.zone)
	if err != nil {
		t.Fatal(err)
	}
	near, err := time.Parse(time.RFC3339, m.near)
	if err != nil {
		t.Fatal(err)
	}
	h := drawHours(t, loc, near)
	c, err := NewCalendar("x", h)
	if err != nil {
		t.Fatal(err)
	}
	start := near.Add(time.Duration(rapid.IntRange(0, 5*24*60).Draw(t, "start")) * time.Minute)
	return c, h, start, drawPauses(t, start)
}

func TestHoursAgreeWithCountingEachMinute(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, h, start, pauses := drawCase(t)
		minutes := rapid.IntRange(1, 60*30).Draw(t, "minutes")
		want, reached := countMinutes(h, start, minutes, pauses)
		got, err := c.Due(start, Term{Amount: minutes, Unit: Minutes}, pauses)
		if err != nil {
			t.Fatal(err)
		}
		if reached && !got.Due.Equal(want) {
			t.Fatalf("%d minutes from %s: engine %s, oracle %s", minutes, start.In(h.Zone), got.Due.In(h.Zone), want.In(h.Zone))
		}
	})
}

func TestDaysAgreeWithCountingEachDay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, h, start, pauses := drawCase(t)
		term := drawDays(t)
		want := countDays(h, start, term, pauses)
		got, err := c.Due(start, term, pauses)
		if err != nil {
			t.Fatal(err)
		}
		if !got.Due.Equal(want) {
			t.Fatalf("%v from %s: engine %s, oracle %s", term, start.In(h.Zone), got.Due.In(h.Zone), want.In(h.Zone))
		}
	})
}

func drawDays(t *rapid.T) Term {
	return Term{
		Amount: rapid.IntRange(1, 40).Draw(t, "days"),
		Unit:   rapid.SampledFrom([]Unit{CalendarDays, BusinessDays}).Draw(t, "unit"),
		Roll:   rapid.Bool().Draw(t, "roll"),
	}
}

func drawTerm(t *rapid.T) Term {
	if rapid.Bool().Draw(t, "in days") {
		return drawDays(t)
	}
	return Term{Amount: rapid.IntRange(1, 3_000).Draw(t, "minutes"), Unit: Minutes}
}

func TestDeadlinesAreMonotonic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, _, start, pauses := drawCase(t)
		term := drawTerm(t)
		due := func(start time.Time, term Term, pauses []Standstill) time.Time {
			d, err := c.Due(start, term, pauses)
			if err != nil {
				t.Fatal(err)
			}
			return d.Due
		}
		base := due(start, term, pauses)
		if later := due(start.Add(time.Duration(rapid.IntRange(0, 4_000).Draw(t, "later"))*time.Minute), term, pauses); later.Before(base) {
			t.Fatalf("a later start ends earlier: %s, %s", later, base)
		}
		longer := term
		longer.Amount += rapid.IntRange(1, 10).Draw(t, "longer")
		if d := due(start, longer, pauses); d.Before(base) {
			t.Fatalf("a longer term ends earlier: %s, %s", d, base)
		}
		if d := due(start, term, append(slices.Clone(pauses), drawPauses(t, start)...)); d.Before(base) {
			t.Fatalf("another pause ends earlier: %s, %s", d, base)
		}
		shuffled := slices.Clone(pauses)
		slices.Reverse(shuffled)
		if d := due(start, term, shuffled); !d.Equal(base) {
			t.Fatalf("pauses do not commute: %s, %s", d, base)
		}
	})
}

func TestTheExplanationCoversEveryInstantAndAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, _, start, pauses := drawCase(t)
		term := drawTerm(t)
		d, steps, err := c.Explain(start, term, pauses)
		if err != nil {
			t.Fatal(err)
		}
		at, sum := start, int64(0)
		for _, s := range steps {
			if !s.From.Equal(at) || !s.To.After(s.From) {
				t.Fatalf("step %+v does not follow %s", s, at)
			}
			if s.Counted != (s.Reason == "") {
				t.Fatalf("step %+v", s)
			}
			at, sum = s.To, sum+s.Amount
		}
		end, want := d.Due, int64(term.Amount)
		if term.Unit == Minutes {
			want *= 60
		} else {
			end = end.Add(time.Microsecond)
		}
		if !at.Equal(end) || sum != want {
			t.Fatalf("steps end at %s with %d, due %s with %d", at, sum, end, want)
		}
		last := start
		for _, w := range d.Warn {
			if w.Before(last) || w.After(d.Due.Add(time.Microsecond)) {
				t.Fatalf("warnings %v between %s and %s", d.Warn, start, d.Due)
			}
			last = w
		}
	})
}

// Add and elapsed are inverse: as many open minutes as were added lie between
// the start and the end, and none less would do. The minutes between are counted
// by the oracle.
func TestWhatWasAddedHasElapsed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, h, start, pauses := drawCase(t)
		minutes := rapid.IntRange(1, 60*20).Draw(t, "minutes")
		got, err := c.Due(start, Term{Amount: minutes, Unit: Minutes}, pauses)
		if err != nil {
			t.Fatal(err)
		}
		if got.Due.Sub(start) > 200*24*time.Hour {
			return // further than a person would count
		}
		elapsed, w := 0, onWall(h)
		for at := start; at.Before(got.Due); at = at.Add(time.Minute) {
			if w.open(at) && !inPause(pauses, at) {
				elapsed++
			}
		}
		last := got.Due.Add(-time.Minute)
		if elapsed != minutes || !w.open(last) || inPause(pauses, last) {
			t.Fatalf("added %d minutes to %s, and %d lie before %s", minutes, start.In(h.Zone), elapsed, got.Due.In(h.Zone))
		}
	})
}

func BenchmarkDue(b *testing.B) {
	cals := BuiltIn(zone(b, "America/Sao_Paulo"))
	start := instant(b, "2026-11-19T19:00:00Z")
	for name, v := range map[string]struct {
		id   string
		term Term
	}{
		"4 business hours": {CalendarBR, Term{Amount: 4, Unit: BusinessHours}},
		"10 business days": {CalendarBR, Term{Amount: 10, Unit: BusinessDays}},
		"7 calendar days":  {CalendarBR, Term{Amount: 7, Unit: CalendarDays}},
	} {
		b.Run(name, func(b *testing.B) {
			c := cals[v.id]
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Due(start, v.term, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
