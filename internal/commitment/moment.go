package commitment

import (
	"strconv"
	"strings"
	"time"

	"github.com/escuta-sac/escuta/internal/brazil"
)

// dayKind is how a text names a day.
type dayKind uint8

const (
	noDay    dayKind = iota
	inDays           // today, tomorrow: n days from today
	onDay            // a day of the week
	onDate           // a day of the month, perhaps with month and year
	weekEnd          // of this week, or n weeks on
	monthEnd         // of this month
	inSpan           // n units from now
)

type unit uint8

const (
	minutes unit = iota + 1
	hours
	days
	businessDays
	weeks
)

// moment is a time as a text names it.
type moment struct {
	from, to int // words of the clause
	day      dayKind
	n        int
	unit     unit
	month    time.Month // 0: none was named
	year     int
	nextWeek bool // "da semana que vem"
	coming   bool // "próxima quinta", of which people mean two different days
	timed    bool
	hour     int
	minute   int
	part     bool // a part of the day, which is no hour
	dayOver  bool // "fim do dia"
	until    bool // "até"
	unclear  bool
}

// Where a text names a part of the day, its end is meant, and where it names none
// the end of the working day.
const (
	noon     = 12
	workOver = 18
	nightAt  = 21
)

// ahead reports whether a time lies ahead by its very words: "na quinta" may have
// been, "até quinta" and "amanhã" may not.
func (m moment) ahead() bool {
	return m.until || m.nextWeek || m.day == inDays || m.day == inSpan || m.day == weekEnd || m.day == monthEnd
}

// instant is the time that is meant, zero when there is none. hour is whether the
// text names one, sure whether it can only be this one.
//
//   - A day of the week is the next one. On that very day it may be meant too, and
//     "próxima quinta" is this week's to some: both are only suggested.
//   - An hour without a day is today's; one that is over is suggested for tomorrow.
//     With "hoje" it is a slip of the pen or an old text, and nothing.
//   - A day without an hour ends with the working day; today's, when that is over,
//     at midnight.
//   - A date without its year is the next one of that name.
func (m moment) instant(now time.Time, r Reckoning) (due time.Time, hour, sure bool) {
	today := brazil.DateOf(now, r.Zone)
	at := func(d brazil.Date) time.Time {
		h, min := workOver, 0
		if m.timed {
			h, min = m.hour, m.minute
		}
		return time.Date(d.Year, d.Month, d.Day, h, min, 0, 0, r.Zone)
	}
	hour, sure = m.timed && !m.part, true
	switch m.day {
	case noDay:
		due = at(today)
		if m.dayOver && !due.After(now) {
			return lastMinute(today, r), false, true
		}
		if !due.After(now) {
			return at(today.AddDays(1)), hour, false
		}
		return due, hour, true
	case inDays:
		due = at(today.AddDays(m.n))
		if m.n == 0 && !due.After(now) && (!m.timed || m.dayOver) {
			return lastMinute(today, r), false, true
		}
		return due, hour, true
	case onDay:
		ahead := (m.n - int(today.Weekday()) + 7) % 7
		if m.nextWeek { // weeks begin on Monday
			return at(today.AddDays((8-int(today.Weekday()))%7 + 7*b2i(today.Weekday() == time.Monday) + (m.n+6)%7)), hour, true
		}
		if ahead == 0 {
			return at(today.AddDays(7)), hour, false
		}
		sameWeek := (int(today.Weekday())+6)%7+ahead < 7
		return at(today.AddDays(ahead)), hour, !(m.coming && sameWeek)
	case onDate:
		d, ok := m.date(today)
		if !ok {
			return time.Time{}, false, false
		}
		return at(d), hour, true
	case weekEnd:
		friday := today.AddDays((int(time.Friday)-int(today.Weekday())+7)%7 + 7*m.n)
		if today.Weekday() == time.Saturday { // the week that is meant is over
			sure = false
		}
		return at(friday), hour, sure && m.n == 0
	case monthEnd:
		return at(brazil.DateOf(time.Date(today.Year, today.Month+1, 0, 0, 0, 0, 0, time.UTC), time.UTC)), hour, true
	}
	return m.span(now, today, at, r)
}

func (m moment) span(now time.Time, today brazil.Date, at func(brazil.Date) time.Time, r Reckoning) (time.Time, bool, bool) {
	whole := func(d time.Duration) time.Time {
		return now.Add(d + time.Minute - time.Nanosecond).Truncate(time.Minute)
	}
	switch {
	case m.n < 1:
	case m.unit == minutes && m.n <= 24*60:
		return whole(time.Duration(m.n) * time.Minute), true, true
	case m.unit == hours && m.n <= 24*longestWait:
		return whole(time.Duration(m.n) * time.Hour), true, true
	case m.unit == days && m.n <= longestWait:
		return at(today.AddDays(m.n)), m.timed && !m.part, true
	case m.unit == weeks && m.n <= 12:
		return at(today.AddDays(7 * m.n)), m.timed && !m.part, true
	case m.unit == businessDays && m.n <= longestWait && r.BusinessDays != nil:
		if last, err := r.BusinessDays(now, m.n); err == nil {
			return at(brazil.DateOf(last, r.Zone)), m.timed && !m.part, true
		}
	}
	return time.Time{}, false, false
}

// date is the next day that is called so, today included. A day that its month
// does not have is none.
func (m moment) date(today brazil.Date) (brazil.Date, bool) {
	if m.month != 0 && m.year != 0 {
		d := brazil.Date{Year: m.year, Month: m.month, Day: m.n}
		return d, exists(d)
	}
	d := brazil.Date{Year: today.Year, Month: today.Month, Day: m.n}
	if m.month != 0 {
		d.Month = m.month
	}
	if exists(d) && !d.Before(today) {
		return d, true
	}
	if m.month != 0 {
		d.Year++
	} else if d.Month++; d.Month > time.December {
		d.Year, d.Month = d.Year+1, time.January
	}
	return d, exists(d) && !d.Before(today)
}

func exists(d brazil.Date) bool { return d.Year > 0 && d.AddDays(0) == d }

func lastMinute(d brazil.Date, r Reckoning) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 23, 59, 0, 0, r.Zone)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// clockTime reads 15h, 15h30, 15:30, 15hs, 15:30h and 3pm. over is a number of
// hours that no day has.
func clockTime(word string) (h, min int, ok bool) {
	afternoon, morning := strings.HasSuffix(word, "pm"), strings.HasSuffix(word, "am")
	word = strings.TrimSuffix(strings.TrimSuffix(word, "pm"), "am")
	bare := len(word)
	for _, ending := range []string{"min", "hrs", "hs", "h"} {
		if cut, found := strings.CutSuffix(word, ending); found {
			word = cut
			break
		}
	}
	left, right, parts := strings.Cut(word, ":")
	if !parts {
		left, right, parts = strings.Cut(word, "h")
	}
	h, err := strconv.Atoi(left)
	if err != nil || len(left) > 3 || !parts && bare == len(word) && !afternoon && !morning {
		return 0, 0, false
	}
	if parts {
		if min, err = strconv.Atoi(right); err != nil || len(right) != 2 || min > 59 {
			return 0, 0, false
		}
	}
	switch {
	case (afternoon || morning) && (h < 1 || h > 12):
		return 0, 0, false
	case afternoon:
		h = h%12 + noon
	case morning:
		h %= 12
	}
	return h, min, true
}

// number is a count in figures or words; 0 when it is none.
func (w *language) number(word string) int {
	if n, known := w.numbers[word]; known {
		return n
	}
	if len(word) > 4 {
		return 0
	}
	n, err := strconv.Atoi(word)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// slashed reads 25/11, 25/11/26 and 25/11/2026; monthFirst swaps the first two.
func slashed(word string, monthFirst bool) (m moment, ok bool) {
	parts := strings.Split(word, "/")
	if len(parts) < 2 || len(parts) > 3 {
		return m, false
	}
	var n [3]int
	for i, p := range parts {
		v, err := strconv.Atoi(p)
		if err != nil || len(p) > 4 || v < 1 {
			return m, false
		}
		n[i] = v
	}
	if monthFirst {
		n[0], n[1] = n[1], n[0]
	}
	if n[0] > 31 || n[1] > 12 {
		return m, false
	}
	if n[2] > 0 && n[2] < 100 {
		n[2] += 2000
	}
	// Of 5/11 nobody knows which of the two is the month in an English text.
	return moment{day: onDate, n: n[0], month: time.Month(n[1]), year: n[2], unclear: monthFirst && n[0] <= 12}, true
}
