package email

import (
	"strings"
	"time"
)

// calendarNote is one readable line about the first event of an invitation (RFC
// 5545): what, when, where. Empty when there is none. Times are as the organiser
// wrote them, with the zone they are in.
func calendarNote(ics string) string {
	ics = strings.ReplaceAll(ics[:min(len(ics), 64<<10)], "\r\n", "\n")
	ics = strings.NewReplacer("\n ", "", "\n\t", "").Replace(ics)
	var summary, place, from, to string
	cancelled, inside := false, false
	for line := range strings.SplitSeq(ics, "\n") {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		name, params, _ := strings.Cut(name, ";")
		name = strings.ToUpper(name)
		switch {
		case name == "METHOD":
			cancelled = strings.EqualFold(value, "CANCEL")
		case name == "BEGIN" && value == "VEVENT":
			inside = true
		case name == "END" && value == "VEVENT":
			return join3(summary, span(from, to), place, cancelled)
		case !inside:
		case name == "SUMMARY" && summary == "":
			summary = calendarText(value)
		case name == "LOCATION":
			place = calendarText(value)
		case name == "DTSTART":
			from = calendarTime(value, params)
		case name == "DTEND":
			to = calendarTime(value, params)
		}
	}
	if !inside {
		return ""
	}
	return join3(summary, span(from, to), place, cancelled)
}

func join3(what, when, where string, cancelled bool) string {
	var parts []string
	for _, s := range []string{what, when, where} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	line := strings.Join(parts, " · ")
	if cancelled {
		line = "Cancelado: " + line
	}
	return cleanLine(line, MaxSubject)
}

// span joins two times and says the day once.
func span(from, to string) string {
	if from == "" || to == "" || from == to {
		return from
	}
	if len(from) > 10 && len(to) > 10 && from[:10] == to[:10] {
		start, zone, _ := strings.Cut(from, " (")
		end, _, _ := strings.Cut(to[11:], " (")
		if zone != "" {
			zone = " (" + zone
		}
		return start + "–" + end + zone
	}
	return from + " – " + to
}

var calendarEscapes = strings.NewReplacer(`\n`, " ", `\N`, " ", `\,`, ",", `\;`, ";", `\\`, `\`)

func calendarText(s string) string { return cleanLine(calendarEscapes.Replace(s), MaxName) }

// calendarTime writes a DATE or DATE-TIME for people; empty when it is neither.
func calendarTime(value, params string) string {
	if t, err := time.Parse("20060102T150405Z", value); err == nil {
		return t.Format("02/01/2006 15:04") + " (UTC)"
	}
	if t, err := time.Parse("20060102", value); err == nil {
		return t.Format("02/01/2006")
	}
	t, err := time.Parse("20060102T150405", value)
	if err != nil {
		return ""
	}
	s := t.Format("02/01/2006 15:04")
	for p := range strings.SplitSeq(params, ";") {
		if zone, ok := strings.CutPrefix(p, "TZID="); ok {
			s += " (" + calendarText(strings.Trim(zone, `"`)) + ")"
		}
	}
	return s
}
