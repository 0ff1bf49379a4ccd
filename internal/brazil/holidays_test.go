package brazil

import (
	"slices"
	"testing"
	"time"
	_ "time/tzdata"
)

// The table of moving dates and business days from 2024 to 2030, which agrees
// with the public lists of those years.
func TestMovingFeastsAndBusinessDays(t *testing.T) {
	day := func(s string) Date {
		d, err := ParseDate(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, y := range []struct {
		year                                    int
		easter, monday, tuesday, friday, corpus string
		national, bank                          int
	}{
		{2024, "2024-03-31", "2024-02-12", "2024-02-13", "2024-03-29", "2024-05-30", 256, 253},
		{2025, "2025-04-20", "2025-03-03", "2025-03-04", "2025-04-18", "2025-06-19", 255, 252},
		{2026, "2026-04-05", "2026-02-16", "2026-02-17", "2026-04-03", "2026-06-04", 252, 249},
		{2027, "2027-03-28", "2027-02-08", "2027-02-09", "2027-03-26", "2027-05-27", 254, 251},
		{2028, "2028-04-16", "2028-02-28", "2028-02-29", "2028-04-14", "2028-06-15", 251, 248},
		{2029, "2029-04-01", "2029-02-12", "2029-02-13", "2029-03-30", "2029-05-31", 252, 249},
		{2030, "2030-04-21", "2030-03-04", "2030-03-05", "2030-04-19", "2030-06-20", 255, 252},
	} {
		if got := Easter(y.year); got != day(y.easter) {
			t.Errorf("Easter(%d) = %s", y.year, got)
		}
		bank := BankHolidays(y.year)
		for key, want := range map[string]string{
			"carnaval_segunda": y.monday, "carnaval_terca": y.tuesday, "paixao": y.friday, "corpus_christi": y.corpus,
		} {
			if !slices.Contains(bank, Holiday{Date: day(want), Key: key}) {
				t.Errorf("%d: no %s on %s in %v", y.year, key, want, bank)
			}
		}
		if got := businessDays(y.year, NationalHolidays(y.year)); got != y.national {
			t.Errorf("%d: %d national business days, want %d", y.year, got, y.national)
		}
		if got := businessDays(y.year, bank); got != y.bank {
			t.Errorf("%d: %d bank business days, want %d", y.year, got, y.bank)
		}
	}
}

func businessDays(year int, off []Holiday) int {
	n := 0
	for d := (Date{year, time.January, 1}); d.Year == year; d = d.AddDays(1) {
		wd := d.Weekday()
		if wd != time.Saturday && wd != time.Sunday && !slices.ContainsFunc(off, func(h Holiday) bool { return h.Date == d }) {
			n++
		}
	}
	return n
}

func TestHolidaysBeginWithTheirLaw(t *testing.T) {
	has := func(year int, key string) bool {
		return slices.ContainsFunc(NationalHolidays(year), func(h Holiday) bool { return h.Key == key })
	}
	for _, c := range []struct {
		key   string
		first int
	}{{"consciencia_negra", 2024}, {"aparecida", 1980}} {
		if has(c.first-1, c.key) || !has(c.first, c.key) {
			t.Errorf("%s does not begin in %d", c.key, c.first)
		}
	}
	if n := len(NationalHolidays(2026)); n != 10 {
		t.Errorf("%d national holidays in 2026", n)
	}
	for _, not := range []string{"carnaval_segunda", "carnaval_terca", "corpus_christi"} {
		if has(2026, not) {
			t.Errorf("%s is no national holiday", not)
		}
	}
}

// Two holidays may share a day (21 April 2000 was Good Friday and Tiradentes),
// but the list is in order, and all of it is of the year.
func TestHolidaysOfTwoCenturiesAreOrdered(t *testing.T) {
	for year := 1900; year <= 2100; year++ {
		list := BankHolidays(year)
		for i, h := range list {
			if h.Date.Year != year || i > 0 && h.Date.Before(list[i-1].Date) {
				t.Fatalf("%d: %v", year, list)
			}
		}
		if e := Easter(year); e.Weekday() != time.Sunday || e.Before(Date{year, 3, 22}) || (Date{year, 4, 25}).Before(e) {
			t.Fatalf("Easter(%d) = %s, a %s", year, e, e.Weekday())
		}
	}
}

func TestADayBeginsWhereItsMidnightIsSkippedOrRepeated(t *testing.T) {
	for _, c := range []struct{ zone, day, want string }{
		{"America/Sao_Paulo", "2026-11-22", "2026-11-22T03:00:00Z"},
		{"America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"}, // 00:00 became 01:00
		{"America/Sao_Paulo", "2019-02-17", "2019-02-17T03:00:00Z"}, // 00:00 became 23:00
		{"America/Havana", "2025-11-02", "2025-11-02T04:00:00Z"},    // 01:00 became 00:00
		{"Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z"},      // the 30th did not happen
		{"America/Rio_Branco", "2026-11-22", "2026-11-22T05:00:00Z"},
	} {
		loc, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		d, err := ParseDate(c.day)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.In(loc).UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("%s begins in %s at %s, want %s", c.day, c.zone, got, c.want)
		}
	}
}

func TestTheDayOfARegistrationIsThatOfTheZone(t *testing.T) {
	for _, c := range []struct{ zone, at, want string }{
		{"America/Sao_Paulo", "2026-11-22T02:59:59Z", "2026-11-21"},
		{"America/Sao_Paulo", "2026-11-22T03:00:00Z", "2026-11-22"},
		{"America/Rio_Branco", "2026-11-22T04:59:59Z", "2026-11-21"},
	} {
		loc, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := DateOf(at, loc).String(); got != c.want {
			t.Errorf("%s in %s is %s, want %s", c.at, c.zone, got, c.want)
		}
	}
}
