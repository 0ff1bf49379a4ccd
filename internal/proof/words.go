package proof

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/escuta-sac/escuta/internal/i18n"
	"github.com/escuta-sac/escuta/internal/sla"
)

// words tells facts in a language. Instants are told in a zone of their own.
type words struct{ lang string }

type args = map[string]any

func (w words) text(key string, a args) string { return i18n.Text(w.lang, "proof."+key, a) }

// known is a text for a code, or the code itself.
func (w words) known(prefix, code string) string {
	if i18n.Has(prefix + code) {
		return i18n.Text(w.lang, prefix+code, nil)
	}
	return code
}

func (w words) day(t time.Time, zone *time.Location) string {
	layout := "02/01/2006"
	if w.lang == "en" {
		layout = "2 Jan 2006"
	}
	return t.In(zone).Format(layout)
}

// weekday is a day with its name, such as "seg. 23/11/2026".
func (w words) weekday(t time.Time, zone *time.Location) string {
	return w.text("weekday."+strconv.Itoa(int(t.In(zone).Weekday())), nil) + " " + w.day(t, zone)
}

func (w words) time(t time.Time, zone *time.Location) string {
	return w.day(t, zone) + " " + t.In(zone).Format("15:04")
}

// second is an instant to the second, for what is told of to the second.
func (w words) second(t time.Time, zone *time.Location) string {
	return w.day(t, zone) + " " + t.In(zone).Format("15:04:05")
}

func (w words) maybe(t *time.Time, zone *time.Location) string {
	if t == nil {
		return ""
	}
	return w.second(*t, zone)
}

// date tells a date that stands as text.
func (w words) date(text string) string {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return text
	}
	return w.day(t, time.UTC)
}

func (w words) amount(n int, unit string) string {
	return w.text("unit."+unit, args{"n": n})
}

// length tells seconds as hours and minutes.
func (w words) length(seconds int64) string {
	h, m, s := seconds/3600, seconds/60%60, seconds%60
	var parts []string
	if h > 0 {
		parts = append(parts, fmt.Sprintf("%d h", h))
	}
	if m > 0 {
		parts = append(parts, fmt.Sprintf("%d min", m))
	}
	if s > 0 || len(parts) == 0 {
		parts = append(parts, fmt.Sprintf("%d s", s))
	}
	return strings.Join(parts, " ")
}

// why tells the conditions by which a rule was chosen: "kind=reclamacao walled=false".
func (w words) why(conditions string) string {
	var told []string
	for part := range strings.FieldsSeq(conditions) {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "kind":
			value = w.known("portal.kind.", value)
		case "channel":
			value = w.known("proof.channel.", value)
		case "walled":
			told = append(told, w.text("why.walled."+value, nil))
			continue
		}
		told = append(told, w.text("why."+name, args{"value": value}))
	}
	if len(told) == 0 {
		return w.text("why.all", nil)
	}
	return strings.Join(told, "; ")
}

// reason tells why time was not counted.
func (w words) reason(s Step) string {
	name := s.Name
	for _, prefix := range []string{"holiday.", "sla.pause."} {
		if i18n.Has(prefix + s.Name) {
			name = i18n.Text(w.lang, prefix+s.Name, nil)
		}
	}
	why := w.known("sla.reason.", s.Reason)
	if name == "" {
		return why
	}
	return why + ": " + name
}

func days(unit string) bool {
	return unit == string(sla.CalendarDays) || unit == string(sla.BusinessDays)
}

// zoneOf is the zone of a name, UTC where there is none of it any more.
func zoneOf(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return zone
}

// grouped puts a space after every eight characters of a digest.
func grouped(digest string) string {
	var b strings.Builder
	for i, r := range digest {
		if i > 0 && i%8 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}
