package brazil

import (
	"slices"
	"time"
)

// Holiday is one day that stops a clock, or a part of it. Key is stable and names
// its text for people (holiday.<key> of every locale).
type Holiday struct {
	Date Date
	Key  string
	// Until and From bound a half-day in minutes since midnight: closed before
	// Until, or from From on. Both 0: the whole day.
	Until, From int
}

// rule makes one holiday a year, from the year its law took effect. Brazil
// moves no holiday off a weekend: one on a Sunday is lost.
type rule struct {
	key   string
	since int
	month time.Month // of a fixed day
	day   int
	after int // days after Easter, when month is 0
	until int // of a half-day, see Holiday
	from  int
	move  func(Date) Date // where the day is kept instead, nil when it stays
}

// nationalRules are the national holidays and their laws. Good Friday is
// formally municipal (Lei 9.093/1995) and held everywhere; federal ordinances
// list it as national.
var nationalRules = []rule{
	{key: "confraternizacao", month: time.January, day: 1},                 // Lei 662/1949
	{key: "paixao", after: -2},                                             // Lei 9.093/1995
	{key: "tiradentes", month: time.April, day: 21},                        // Lei 10.607/2002
	{key: "trabalho", month: time.May, day: 1},                             // Lei 662/1949
	{key: "independencia", month: time.September, day: 7},                  // Lei 662/1949
	{key: "aparecida", since: 1980, month: time.October, day: 12},          // Lei 6.802/1980
	{key: "finados", month: time.November, day: 2},                         // Lei 10.607/2002
	{key: "republica", month: time.November, day: 15},                      // Lei 662/1949
	{key: "consciencia_negra", since: 2024, month: time.November, day: 20}, // Lei 14.759/2023
	{key: "natal", month: time.December, day: 25},                          // Lei 662/1949
}

// bankRules are the further days on which banks do not settle
// (Res. CMN 4.880/2020). The last day of the year is a business day, though the
// branches are closed.
var bankRules = []rule{
	{key: "carnaval_segunda", after: -48},
	{key: "carnaval_terca", after: -47},
	{key: "corpus_christi", after: 60},
}

// NationalHolidays are the holidays of a year in the whole country, by date.
func NationalHolidays(year int) []Holiday { return holidays(year, nationalRules) }

// BankHolidays are the days of a year on which banks do not settle: the
// national ones, Carnival Monday and Tuesday, and Corpus Christi, by date.
func BankHolidays(year int) []Holiday { return holidays(year, nationalRules, bankRules) }

func holidays(year int, sets ...[]rule) []Holiday {
	easter := Easter(year)
	var out []Holiday
	for _, r := range slices.Concat(sets...) {
		if year < r.since {
			continue
		}
		d := easter.AddDays(r.after)
		if r.month != 0 {
			d = Date{year, r.month, r.day}
		}
		if r.move != nil {
			d = r.move(d)
		}
		out = append(out, Holiday{Date: d, Key: r.key, Until: r.until, From: r.from})
	}
	sortHolidays(out)
	return out
}

func sortHolidays(list []Holiday) {
	slices.SortStableFunc(list, func(a, b Holiday) int {
		if a.Date.Before(b.Date) {
			return -1
		}
		if b.Date.Before(a.Date) {
			return 1
		}
		return 0
	})
}

// Easter is Easter Sunday of the Gregorian calendar (the anonymous algorithm,
// Meeus, Astronomical Algorithms, chapter 8).
func Easter(year int) Date {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 19*l) / 433
	n := h + l - 7*m
	month := (n + 90) / 25
	return Date{year, time.Month(month), (n + 33*month + 19) % 32}
}
