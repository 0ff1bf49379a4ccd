package brazil

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// easterByGauss is Easter by Gauss's rule with his two exceptions, which shares
// nothing with the algorithm of this package. Good for 1900 to 2199 (M is 24 and N
// 5 until 2099, and 6 afterwards).
func easterByGauss(year int) Date {
	m, n := 24, 5
	if year >= 2100 {
		n = 6
	}
	a, b, c := year%19, year%4, year%7
	d := (19*a + m) % 30
	e := (2*b + 4*c + 6*d + n) % 7
	switch {
	case d == 29 && e == 6:
		return Date{year, time.April, 19}
	case d == 28 && e == 6 && a > 10:
		return Date{year, time.April, 18}
	}
	return DateOf(time.Date(year, time.March, 22+d+e, 0, 0, 0, 0, time.UTC), time.UTC)
}

// The national and the bank holidays of each year as the laws say, written down a
// second time by day and month, against what the table makes of them.
func TestTheHolidaysOf1990To2100FollowTheirLaws(t *testing.T) {
	t.Parallel()
	for year := 1990; year <= 2100; year++ {
		easter := easterByGauss(year)
		want := []string{"01-01", "04-21", "05-01", "09-07", "10-12", "11-02", "11-15", "12-25"}
		if year >= 2024 { // Lei 14.759/2023
			want = append(want, "11-20")
		}
		moving := func(after int) string { return easter.AddDays(after).String()[5:] }
		want = append(want, moving(-2))
		bank := append(slices.Clone(want), moving(-48), moving(-47), moving(60))
		for name, c := range map[string]struct {
			got  []Holiday
			want []string
		}{"national": {NationalHolidays(year), want}, "bank": {BankHolidays(year), bank}} {
			var got []string
			for _, h := range c.got {
				got = append(got, h.Date.String()[5:])
			}
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) {
				t.Errorf("%s of %d: %v, want %v", name, year, got, c.want)
			}
		}
	}
}

// stateDays are the days of each state as dd/mm, or E+n for days after Easter; of
// AC those from Tuesday to Thursday move to Friday, of SC all to the Sunday that
// is or follows.
var stateDays = map[UF]string{
	"AC": "23/1 8/3 15/6 5/9 17/11", "AL": "24/6 29/6 16/9 30/11", "AM": "5/9", "AP": "19/3 25/7 13/9", "BA": "2/7",
	"CE": "19/3 25/3 15/8", "DF": "21/4 30/11", "ES": "E+8", "GO": "26/7 24/10", "MA": "28/7", "MG": "21/4", "MS": "11/10",
	"MT": "", "PA": "15/8", "PB": "5/8", "PE": "6/3", "PI": "19/10", "PR": "", "RJ": "E-47 23/4", "RN": "7/8 3/10",
	"RO": "4/1 18/6", "RR": "5/10", "RS": "20/9", "SC": "11/8 25/11", "SE": "8/7", "SP": "9/7", "TO": "18/3 8/9 5/10",
}

func TestTheHolidaysOfTheStates(t *testing.T) {
	t.Parallel()
	if len(stateDays) != 27 || len(UFs) != 27 {
		t.Fatalf("%d states here, %d there", len(stateDays), len(UFs))
	}
	for year := 1990; year <= 2100; year++ {
		for _, uf := range UFs {
			want := []string{}
			for _, rule := range strings.Fields(stateDays[uf]) {
				var day, month, after int
				d := easterByGauss(year)
				if _, err := fmt.Sscanf(rule, "E%d", &after); err == nil {
					d = d.AddDays(after)
				} else if _, err := fmt.Sscanf(rule, "%d/%d", &day, &month); err == nil {
					d = Date{year, time.Month(month), day}
				} else {
					t.Fatal(err)
				}
				switch wd := d.Weekday(); {
				case uf == "AC" && (wd == time.Tuesday || wd == time.Wednesday || wd == time.Thursday):
					for d.Weekday() != time.Friday {
						d = d.AddDays(1)
					}
				case uf == "SC":
					for d.Weekday() != time.Sunday {
						d = d.AddDays(1)
					}
				}
				want = append(want, d.String())
			}
			slices.Sort(want)
			got := []string{}
			for _, h := range StateHolidays(uf, year) {
				got = append(got, h.Date.String())
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%s of %d: %v, want %v", uf, year, got, want)
			}
		}
	}
}
