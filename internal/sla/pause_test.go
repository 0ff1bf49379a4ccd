package sla

import (
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/brazil"
)

func TestADayCountsWhenTheClockRunsAtItsEnd(t *testing.T) {
	c := builtIn(t, CalendarBR)
	at := func(s string) time.Time {
		if s == "" {
			return time.Time{}
		}
		v, err := time.ParseInLocation("2006-01-02 15:04", s, c.Zone())
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	type pause struct{ from, to string }
	for name, v := range map[string]struct {
		pauses []pause
		want   string
	}{
		"none":                     {nil, "2026-11-27"},
		"within a day":             {[]pause{{"2026-11-24 10:00", "2026-11-24 10:05"}}, "2026-11-27"},
		"over one night":           {[]pause{{"2026-11-24 10:00", "2026-11-25 10:00"}}, "2026-11-30"},
		"over the weekend":         {[]pause{{"2026-11-27 10:00", "2026-11-30 10:00"}}, "2026-11-30"},
		"twice in one night":       {[]pause{{"2026-11-24 10:00", "2026-11-24 20:00"}, {"2026-11-24 19:00", "2026-11-25 10:00"}}, "2026-11-30"},
		"out of order, two nights": {[]pause{{"2026-11-25 10:00", "2026-11-26 10:00"}, {"2026-11-24 10:00", "2026-11-25 09:00"}}, "2026-12-01"},
		"after the end":            {[]pause{{"2026-11-28 10:00", "2026-12-25 10:00"}}, "2026-11-27"},
		"before the start":         {[]pause{{"2026-11-01 10:00", "2026-11-02 10:00"}}, "2026-11-27"},
	} {
		var pauses []Standstill
		for _, p := range v.pauses {
			pauses = append(pauses, Standstill{From: at(p.from), To: at(p.to), Reason: "customer"})
		}
		d, err := c.Due(at("2026-11-22 12:00"), Term{Amount: 5, Unit: BusinessDays}, pauses)
		if err != nil {
			t.Fatal(err)
		}
		if got := brazil.DateOf(d.Due, c.Zone()).String(); got != v.want {
			t.Errorf("%s: due %s, want %s", name, got, v.want)
		}
	}
}

func TestPausedHoursAreNotCounted(t *testing.T) {
	c := builtIn(t, CalendarBR)
	monday := func(hour int) time.Time {
		return date(t, "2026-11-23").In(c.Zone()).Add(time.Duration(hour) * time.Hour)
	}
	d, steps, err := c.Explain(monday(9), Term{Amount: 4, Unit: BusinessHours}, []Standstill{
		{From: monday(10), To: monday(12), Reason: "customer"},
		{From: monday(17), To: monday(24 + 9), Reason: "third"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := monday(15); !d.Due.Equal(want) {
		t.Errorf("due %s, want %s", d.Due.In(c.Zone()), want)
	}
	if len(steps) != 3 || !steps[0].Counted || steps[1].Reason != Paused || steps[1].Name != "customer" || !steps[2].Counted {
		t.Errorf("steps %+v", steps)
	}
}

func TestAStandingClockHasNoDeadline(t *testing.T) {
	c := builtIn(t, CalendarBR)
	start := date(t, "2026-11-23").In(c.Zone()).Add(9 * time.Hour)
	open := []Standstill{{From: start.Add(time.Hour), Reason: "customer"}}
	for _, term := range []Term{{Amount: 4, Unit: BusinessHours}, {Amount: 5, Unit: BusinessDays}, {Amount: 5, Unit: CalendarDays, Roll: true}} {
		d, steps, err := c.Explain(start, term, open)
		if err != nil {
			t.Fatal(err)
		}
		if d != (Deadline{Standing: true}) {
			t.Errorf("%v: %+v", term, d)
		}
		if last := steps[len(steps)-1]; last.Reason != Paused || !last.To.IsZero() {
			t.Errorf("%v: last step %+v", term, last)
		}
	}
	// A pause that begins after the end changes nothing.
	d, err := c.Due(start, Term{Amount: 30, Unit: Minutes}, open)
	if err != nil || !d.Due.Equal(start.Add(30*time.Minute)) {
		t.Errorf("due %s, %v", d.Due, err)
	}
}

func TestTheExplanationNamesEachSkippedDay(t *testing.T) {
	c := builtIn(t, CalendarBR)
	_, steps, err := c.Explain(date(t, "2026-11-19").In(c.Zone()).Add(10*time.Hour), Term{Amount: 3, Unit: CalendarDays, Roll: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	type line struct {
		counted bool
		reason  Reason
		name    string
	}
	var got []line
	for _, s := range steps {
		got = append(got, line{s.Counted, s.Reason, s.Name})
	}
	want := []line{{false, StartDay, ""}, {true, "", ""}, {true, "", ""}, {true, "", ""}, {false, Rolled, ""}}
	if len(got) != len(want) {
		t.Fatalf("steps %+v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("step %d: %+v, want %+v", i, got[i], want[i])
		}
	}
	_, steps, err = c.Explain(date(t, "2026-11-19").In(c.Zone()).Add(10*time.Hour), Term{Amount: 1, Unit: BusinessDays}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(steps) != 5 || steps[1].Reason != Holiday || steps[1].Name != "consciencia_negra" || steps[2].Reason != Weekend || steps[3].Reason != Weekend || steps[4].Amount != 1 {
		t.Errorf("steps %+v", steps)
	}
}
