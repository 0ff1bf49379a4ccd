package calendar

import (
	"encoding/csv"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/sla"
)

// readCSV reads lines of date, name and, for a day with reduced hours, its hours
// ("08:00-12:00 13:00-15:00"), parted by ; or , or a tab. Dates are dd/mm/aaaa or
// aaaa-mm-dd. A first line without a date is a heading. Each line stands alone: a
// quotation mark that is not closed takes no other line with it.
func readCSV(lines []string, from, to brazil.Date) (found []Found, bad []Bad) {
	seen := map[brazil.Date]bool{}
	for i, l := range lines {
		if strings.Trim(l, " \t;,") == "" {
			continue
		}
		refuse := func(code string) { bad = append(bad, Bad{i + 1, code, shortened(l)}) }
		cells, ok := cellsOf(l)
		if !ok || len(cells) < 2 && i > 0 {
			refuse(badLine)
			continue
		}
		day, ok := readDate(cells[0])
		if !ok && len(found)+len(bad) == 0 && heading(cells[0]) {
			continue
		}
		if !ok {
			refuse(badDate)
			continue
		}
		if len(cells) < 2 || len(cells) > 3 && strings.Trim(strings.Join(cells[3:], ""), " ") != "" {
			refuse(badLine)
			continue
		}
		name, ok := named(cells[1])
		if !ok {
			refuse(badName)
			continue
		}
		var hours []sla.Interval
		if len(cells) > 2 {
			if hours, ok = readHours(cells[2]); !ok {
				refuse(badHours)
				continue
			}
		}
		switch {
		case !within(day, from, to):
			refuse(badOutside)
		case seen[day]:
			refuse(badTwice)
		default:
			seen[day] = true
			found = append(found, Found{i + 1, day, hours, name})
		}
	}
	return found, bad
}

// heading reports whether a cell names the column of dates.
func heading(cell string) bool {
	switch strings.ToLower(strings.TrimSpace(cell)) {
	case "data", "date", "dia", "day", "fecha":
		return true
	}
	return false
}

func cellsOf(line string) ([]string, bool) {
	if len(line) > longest {
		return nil, false
	}
	r := csv.NewReader(strings.NewReader(line))
	r.LazyQuotes, r.TrimLeadingSpace = true, true
	switch {
	case strings.Contains(line, ";"):
		r.Comma = ';'
	case strings.Contains(line, "\t"):
		r.Comma = '\t'
	}
	cells, err := r.Read()
	return cells, err == nil
}

var typedDate = regexp.MustCompile(`^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})$`)

// readDate reads dd/mm/aaaa or aaaa-mm-dd, and refuses a day that does not exist.
func readDate(text string) (brazil.Date, bool) {
	text = strings.TrimSpace(text)
	if m := typedDate.FindStringSubmatch(text); m != nil {
		text = m[3] + "-" + pad(m[2]) + "-" + pad(m[1])
	}
	d, err := brazil.ParseDate(text)
	return d, err == nil
}

func pad(digits string) string { return strings.Repeat("0", 2-len(digits)) + digits }

var typedHours = regexp.MustCompile(`^(\d{1,2})(?:[:h](\d{2})?)?\s*(?:-|–|às|as|a)\s*(\d{1,2})(?:[:h](\d{2})?)?$`)

// readHours reads "08:00-12:00 13h-17h30"; empty is closed.
func readHours(text string) (list []sla.Interval, ok bool) {
	text = strings.NewReplacer(" - ", "-", " – ", "-", "/", " ", "+", " ").Replace(strings.ToLower(strings.TrimSpace(text)))
	switch text {
	case "", "fechado", "closed":
		return nil, true
	}
	last := 0
	for _, one := range strings.Fields(text) {
		m := typedHours.FindStringSubmatch(one)
		if m == nil {
			return nil, false
		}
		v := sla.Interval{From: minutesOf(m[1], m[2]), To: minutesOf(m[3], m[4])}
		if v.From < last || v.From >= 24*60 || v.To <= v.From || v.To > 48*60 {
			return nil, false
		}
		last = v.To
		list = append(list, v)
	}
	return list, len(list) <= 12
}

func minutesOf(hours, minutes string) int {
	h, _ := strconv.Atoi(hours) // digits, by the expression
	m, _ := strconv.Atoi(minutes)
	if m > 59 {
		return 1 << 20 // no such time
	}
	return h*60 + m
}

// years are those that a file is read for: the one before now, so that running
// deadlines are counted right, and ten after it.
func years(now time.Time) (from, to brazil.Date) {
	return brazil.Date{Year: now.Year() - 1, Month: time.January, Day: 1}, brazil.Date{Year: now.Year() + 10, Month: time.December, Day: 31}
}
