package calendar

import (
	"strconv"
	"strings"
	"time"

	"github.com/escuta-sac/escuta/internal/brazil"
)

// The reader of iCalendar files (RFC 5545) takes from each VEVENT what a holiday
// has: DTSTART and DTEND or DURATION as dates, SUMMARY, RRULE of once a year,
// EXDATE and STATUS. Times of day mean an appointment, not a holiday, and are
// refused by name.

const maxLasts = 31 // days of one event

type property struct {
	line               int
	name, params, text string
}

type entry struct {
	line       int
	properties map[string]property
	exceptions []property
	unread     string
}

func readICS(lines []string, from, to brazil.Date) (found []Found, bad []Bad) {
	taken := map[brazil.Date]bool{}
	var open *entry
	depth := 0 // of what stands in an event, such as a VALARM
	for _, p := range properties(lines) {
		upper := strings.ToUpper(strings.TrimSpace(p.text))
		switch {
		case p.name == "":
			bad = append(bad, Bad{p.line, badLine, shortened(p.text)})
		case p.name == "BEGIN" && upper == "VEVENT":
			if open != nil {
				bad = append(bad, open.refused(badOpen))
			}
			open, depth = &entry{line: p.line, properties: map[string]property{}}, 0
		case open == nil:
		case p.name == "BEGIN":
			depth++
		case p.name == "END" && depth > 0:
			depth--
		case p.name == "END" && upper == "VEVENT":
			days, code := open.days(from, to)
			name, _ := named(open.summary())
			fresh := 0
			for _, d := range days {
				if !taken[d] {
					taken[d] = true
					found = append(found, Found{Line: open.line, Day: d, Name: name})
					fresh++
				}
			}
			if code == "" && fresh == 0 {
				code = badTwice
			}
			if code != "" {
				bad = append(bad, open.refused(code))
			}
			open = nil
		case depth == 0:
			open.take(p)
		}
	}
	if open != nil {
		bad = append(bad, open.refused(badOpen))
	}
	return found, bad
}

// properties unfolds lines (RFC 5545, 3.1) and takes them apart. What is none has
// no name.
func properties(lines []string) (list []property) {
	type unfolded struct {
		line int
		text strings.Builder
	}
	var whole []*unfolded
	for i, l := range lines {
		if len(whole) > 0 && l != "" && (l[0] == ' ' || l[0] == '\t') {
			whole[len(whole)-1].text.WriteString(l[1:])
			continue
		}
		if strings.TrimSpace(l) == "" {
			continue
		}
		u := &unfolded{line: i + 1}
		u.text.WriteString(l)
		whole = append(whole, u)
	}
	for _, u := range whole {
		text := u.text.String()
		colon, quoted := -1, false
		for i := 0; i < len(text) && colon < 0; i++ {
			switch {
			case text[i] == '"':
				quoted = !quoted
			case text[i] == ':' && !quoted:
				colon = i
			}
		}
		if colon < 1 || len(text) > longest {
			list = append(list, property{line: u.line, text: text})
			continue
		}
		name, params, _ := strings.Cut(text[:colon], ";")
		list = append(list, property{u.line, strings.ToUpper(name), strings.ToUpper(params), text[colon+1:]})
	}
	return list
}

func (e *entry) take(p property) {
	switch p.name {
	case "EXDATE":
		e.exceptions = append(e.exceptions, p)
	case "RDATE", "EXRULE", "RECURRENCE-ID":
		e.unread = p.name
	default:
		if _, there := e.properties[p.name]; !there {
			e.properties[p.name] = p
		}
	}
}

func (e *entry) summary() string {
	return strings.NewReplacer(`\n`, " ", `\N`, " ", `\,`, ",", `\;`, ";", `\\`, `\`).Replace(e.properties["SUMMARY"].text)
}

func (e *entry) refused(code string) Bad {
	text := e.summary()
	if text == "" {
		text = e.properties["DTSTART"].text
	}
	return Bad{e.line, code, shortened(text)}
}

// days are those of an event within the bounds, or the code of why there are none.
func (e *entry) days(from, to brazil.Date) ([]brazil.Date, string) {
	if _, ok := named(e.summary()); !ok {
		return nil, badName
	}
	if strings.EqualFold(strings.TrimSpace(e.properties["STATUS"].text), "CANCELLED") {
		return nil, badCancelled
	}
	first, code := wholeDay(e.properties["DTSTART"])
	if code != "" {
		return nil, code
	}
	lasts, code := e.lasts(first)
	if code != "" {
		return nil, code
	}
	if e.unread != "" {
		return nil, badRepeat
	}
	begins, code := repeated(first, strings.ToUpper(strings.TrimSpace(e.properties["RRULE"].text)), to)
	if code != "" {
		return nil, code
	}
	off := map[brazil.Date]bool{}
	for _, x := range e.exceptions {
		for _, text := range strings.Split(x.text, ",") {
			d, code := wholeDay(property{params: x.params, text: text})
			if code != "" {
				return nil, code
			}
			off[d] = true
		}
	}
	var days []brazil.Date
	for _, b := range begins {
		for n := 0; n < lasts && !off[b]; n++ {
			if d := b.AddDays(n); within(d, from, to) {
				days = append(days, d)
			}
		}
	}
	if len(days) == 0 {
		return nil, badOutside
	}
	return days, ""
}

// lasts is how many days an event has. DTEND is the day after the last one
// (RFC 5545, 3.6.1); programs that write the same day mean one day.
func (e *entry) lasts(first brazil.Date) (int, string) {
	if p, ok := e.properties["DTEND"]; ok {
		end, code := wholeDay(p)
		if code != "" {
			return 0, code
		}
		for n := 1; n <= maxLasts; n++ {
			if !first.AddDays(n).Before(end) {
				if end.Before(first) {
					return 0, badDate
				}
				return n, ""
			}
		}
		return 0, badLong
	}
	p, ok := e.properties["DURATION"]
	if !ok {
		return 1, ""
	}
	text := strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(p.text)), "+")
	if len(text) < 3 || text[0] != 'P' {
		return 0, badLine
	}
	n, err := strconv.Atoi(text[1 : len(text)-1])
	switch unit := text[len(text)-1]; {
	case err != nil || n < 1 || unit != 'D' && unit != 'W':
		return 0, badTimed
	case unit == 'W' && n <= maxLasts:
		n *= 7
	}
	if n > maxLasts {
		return 0, badLong
	}
	return n, ""
}

// wholeDay reads a DATE value.
func wholeDay(p property) (brazil.Date, string) {
	text := strings.TrimSpace(p.text)
	if strings.Contains(text, "T") && len(text) >= 15 {
		return brazil.Date{}, badTimed
	}
	at, err := time.Parse("20060102", text)
	if err != nil {
		return brazil.Date{}, badDate
	}
	return brazil.DateOf(at, time.UTC), ""
}

// repeated are the days on which an event begins, until a bound.
func repeated(first brazil.Date, rule string, to brazil.Date) ([]brazil.Date, string) {
	if rule == "" {
		return []brazil.Date{first}, ""
	}
	every, count := 1, 0
	until := to
	yearly := false
	for _, part := range strings.Split(rule, ";") {
		name, value, _ := strings.Cut(part, "=")
		n, err := strconv.Atoi(value)
		switch {
		case name == "FREQ" && value == "YEARLY":
			yearly = true
		case name == "INTERVAL" && err == nil && n > 0 && n < 1000:
			every = n
		case name == "COUNT" && err == nil && n > 0:
			count = n
		case name == "UNTIL" && len(value) >= 8:
			at, err := time.Parse("20060102", value[:8])
			if err != nil {
				return nil, badRepeat
			}
			if d := brazil.DateOf(at, time.UTC); d.Before(until) {
				until = d
			}
		case name == "BYMONTH" && err == nil && n == int(first.Month), name == "BYMONTHDAY" && err == nil && n == first.Day, name == "WKST":
		default:
			return nil, badRepeat // such as a weekday of a month, or a month's last day
		}
	}
	if !yearly {
		return nil, badRepeat
	}
	var out []brazil.Date
	for n := 0; first.Year+n*every <= until.Year; n++ {
		d := brazil.Date{Year: first.Year + n*every, Month: first.Month, Day: first.Day}
		if d.AddDays(0) != d {
			continue // 29 February, which other years do not have: neither kept nor counted
		}
		if until.Before(d) || count > 0 && len(out) == count {
			break
		}
		out = append(out, d)
	}
	return out, ""
}
