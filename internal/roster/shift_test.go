package roster

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func saoPaulo(t interface{ Fatal(...any) }) *time.Location {
	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestWhenSomebodyIsOnShift(t *testing.T) {
	t.Parallel()
	zone := saoPaulo(t)
	at := func(text string) time.Time {
		at, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	day := Hours{zone, []Shift{{time.Monday, 8 * 60, 12 * 60}, {time.Monday, 13*60 + 30, 18 * 60}}}
	night := Hours{zone, []Shift{{time.Friday, 22 * 60, 30 * 60}, {time.Saturday, 6 * 60, 7 * 60}}}
	for _, tt := range []struct {
		name  string
		hours Hours
		now   string
		on    bool
		until string
	}{
		{"in the morning", day, "2026-11-23 08:00", true, "2026-11-23 12:00"},
		{"at lunch", day, "2026-11-23 12:00", false, "2026-11-23 13:30"},
		{"after work", day, "2026-11-23 18:00", false, "2026-11-30 08:00"},
		{"after midnight, into another shift without a break", night, "2026-11-28 03:00", true, "2026-11-28 07:00"},
		{"before the night", night, "2026-11-27 21:59", false, "2026-11-27 22:00"},
		{"on the morning of the day on which the night begins", night, "2026-11-27 03:00", false, "2026-11-27 22:00"},
	} {
		on, until := tt.hours.On(at(tt.now))
		if on != tt.on || !until.Equal(at(tt.until)) {
			t.Errorf("%s: %v until %v", tt.name, on, until.In(zone))
		}
	}
	if on, until := (Hours{Zone: zone}).On(at("2026-11-23 03:00")); !on || !until.IsZero() {
		t.Errorf("without shifts: %v until %v", on, until)
	}
}

// What On says is what a minute by minute look at the clock on the wall says.
func TestShiftsAsTheClockOnTheWallHasThem(t *testing.T) {
	t.Parallel()
	zone := saoPaulo(t)
	rapid.Check(t, func(t *rapid.T) {
		h := Hours{Zone: zone}
		for range rapid.IntRange(1, 5).Draw(t, "shifts") {
			from := rapid.IntRange(0, fullDay-1).Draw(t, "from")
			h.Shifts = append(h.Shifts, Shift{time.Weekday(rapid.IntRange(0, 6).Draw(t, "day")), from, from + rapid.IntRange(1, fullDay).Draw(t, "long")})
		}
		wall := func(at time.Time) bool {
			local := at.In(zone)
			minute := local.Hour()*60 + local.Minute()
			for _, s := range h.Shifts {
				if s.Weekday == local.Weekday() && s.From <= minute && minute < s.To ||
					s.Weekday == (local.Weekday()+6)%7 && minute+fullDay < s.To {
					return true
				}
			}
			return false
		}
		now := time.Date(2026, 11, 22, 0, rapid.IntRange(0, 7*fullDay).Draw(t, "now"), 0, 0, zone)
		on, until := h.On(now)
		if on != wall(now) {
			t.Fatalf("on shift is %v", on)
		}
		for at := now; at.Before(until) && at.Before(now.AddDate(0, 0, 8)); at = at.Add(time.Minute) {
			if wall(at) != on {
				t.Fatalf("it changes at %v, not at %v", at, until)
			}
		}
		if until.Before(now.AddDate(0, 0, 8)) && wall(until) == on {
			t.Fatalf("nothing changes at %v", until)
		}
	})
}

func TestShiftsThatCannotBe(t *testing.T) {
	t.Parallel()
	for name, shifts := range map[string][]Shift{
		"ends before it begins": {{time.Monday, 600, 600}},
		"longer than a day":     {{time.Monday, 600, 600 + fullDay + 1}},
		"begins tomorrow":       {{time.Monday, fullDay, fullDay + 60}},
		"no such day":           {{7, 0, 60}},
		"overlap":               {{time.Monday, 0, 60}, {time.Monday, 59, 120}},
		"too many":              make([]Shift, maxShifts+1),
	} {
		if _, err := checkShifts(shifts); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
