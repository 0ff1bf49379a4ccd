package calendar

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/brazil"
)

var (
	from = brazil.Date{Year: 2025, Month: time.January, Day: 1}
	to   = brazil.Date{Year: 2036, Month: time.December, Day: 31}
)

// told is what a file said, a line for each: "L2 2026-01-25 São Paulo [480-720]",
// or "L3 !date" for what was refused.
func told(t testing.TB, file string) []string {
	t.Helper()
	found, bad, err := Read([]byte(file), from, to)
	if err != nil {
		return []string{err.Error()}
	}
	out := []string{}
	for _, f := range found {
		line := fmt.Sprintf("L%d %s %s", f.Line, f.Day, f.Name)
		for _, v := range f.Hours {
			line += fmt.Sprintf(" [%d-%d]", v.From, v.To)
		}
		out = append(out, line)
	}
	for _, b := range bad {
		out = append(out, fmt.Sprintf("L%d !%s", b.Line, b.Code))
	}
	return out
}

func TestFilesOfDaysAsPeopleHaveThem(t *testing.T) {
	t.Parallel()
	ics := func(lines ...string) string {
		return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VCALENDAR\r\n"
	}
	ev := func(lines ...string) string {
		return ics(append(append([]string{"BEGIN:VEVENT"}, lines...), "END:VEVENT")...)
	}
	for name, c := range map[string]struct {
		file string
		want []string
	}{
		"semicolons":         {"25/01/2026;Aniversário de São Paulo\n2026-12-24;Véspera;08:00-12:00\n", []string{"L1 2026-01-25 Aniversário de São Paulo", "L2 2026-12-24 Véspera [480-720]"}},
		"a mark and heading": {"\ufeffdata,nome\r\n1/2/2026,\"Nossa Senhora, padroeira\"\r\n", []string{"L2 2026-02-01 Nossa Senhora, padroeira"}},
		"latin-1":            {"25/01/2026;S\xe3o Paulo\n", []string{"L1 2026-01-25 São Paulo"}},
		"several hours":      {"25/01/2026;Feira;8h-12h 13h30-17:00", []string{"L1 2026-01-25 Feira [480-720] [810-1020]"}},
		"past midnight":      {"25/01/2026;Virada;18:00-26:00", []string{"L1 2026-01-25 Virada [1080-1560]"}},
		"each bad line named": {"25/01/2026;Um\n30/02/2026;Não há\n2026-03-03\n04/03/2026;;\n05/03/2026;X;12-8\n25/01/2026;De novo\n01/01/1999;Antes\n06/03/2026;\"Aberta\n07/03/2026;Fica",
			[]string{"L1 2026-01-25 Um", "L8 2026-03-06 Aberta", "L9 2026-03-07 Fica", "L2 !date", "L3 !line", "L4 !name", "L5 !hours", "L6 !twice", "L7 !outside"}},
		"no file of days":  {"<html>\n<body>", []string{"calendar_file_none"}},
		"an empty one":     {" \n", []string{"calendar_file_none"}},
		"one day":          {ev("DTSTART;VALUE=DATE:20260125", "DTEND;VALUE=DATE:20260126", "SUMMARY:São Paulo\\, capital"), []string{"L3 2026-01-25 São Paulo, capital"}},
		"folded":           {ev("DTSTART;VALUE=DATE:20260125", "SUMMARY:Aniversário de", "  São", "\tPaulo"), []string{"L3 2026-01-25 Aniversário de SãoPaulo"}},
		"several days":     {ev("DTSTART:20260216", "DTEND:20260219", "SUMMARY:Carnaval"), []string{"L3 2026-02-16 Carnaval", "L3 2026-02-17 Carnaval", "L3 2026-02-18 Carnaval"}},
		"a duration":       {ev("DTSTART:20260216", "DURATION:P2D", "SUMMARY:Carnaval"), []string{"L3 2026-02-16 Carnaval", "L3 2026-02-17 Carnaval"}},
		"the same end":     {ev("DTSTART:20260216", "DTEND:20260216", "SUMMARY:X"), []string{"L3 2026-02-16 X"}},
		"yearly, counted":  {ev("DTSTART:20240125", "RRULE:FREQ=YEARLY;COUNT=3", "SUMMARY:SP"), []string{"L3 2025-01-25 SP", "L3 2026-01-25 SP"}},
		"yearly until":     {ev("DTSTART:20260125", "RRULE:FREQ=YEARLY;UNTIL=20280125T000000Z;BYMONTH=1;BYMONTHDAY=25", "EXDATE;VALUE=DATE:20270125", "SUMMARY:SP"), []string{"L3 2026-01-25 SP", "L3 2028-01-25 SP"}},
		"29 February":      {ev("DTSTART:20240229", "RRULE:FREQ=YEARLY;COUNT=3", "SUMMARY:B"), []string{"L3 2028-02-29 B", "L3 2032-02-29 B"}},
		"an alarm inside":  {ev("DTSTART:20260125", "BEGIN:VALARM", "DTSTART:20270101", "SUMMARY:Lembrete", "END:VALARM", "SUMMARY:SP"), []string{"L3 2026-01-25 SP"}},
		"an appointment":   {ev("DTSTART:20260125T100000Z", "SUMMARY:Reunião"), []string{"L3 !timed"}},
		"each Friday":      {ev("DTSTART:20260130", "RRULE:FREQ=WEEKLY", "SUMMARY:X"), []string{"L3 !repeat"}},
		"a last Monday":    {ev("DTSTART:20260130", "RRULE:FREQ=YEARLY;BYDAY=-1MO", "SUMMARY:X"), []string{"L3 !repeat"}},
		"called off":       {ev("DTSTART:20260130", "STATUS:CANCELLED", "SUMMARY:X"), []string{"L3 !cancelled"}},
		"a whole quarter":  {ev("DTSTART:20260101", "DTEND:20260401", "SUMMARY:X"), []string{"L3 !long"}},
		"backwards":        {ev("DTSTART:20260105", "DTEND:20260101", "SUMMARY:X"), []string{"L3 !date"}},
		"without a name":   {ev("DTSTART:20260105"), []string{"L3 !name"}},
		"without its end":  {ics("BEGIN:VEVENT", "DTSTART:20260105", "SUMMARY:X"), []string{"L3 !open"}},
		"twice":            {ics("BEGIN:VEVENT", "DTSTART:20260105", "SUMMARY:X", "END:VEVENT", "BEGIN:VEVENT", "DTSTART:20260105", "SUMMARY:Y", "END:VEVENT"), []string{"L3 2026-01-05 X", "L7 !twice"}},
		"a quoted colon":   {ev(`DTSTART;X-A="a:b";VALUE=DATE:20260105`, "SUMMARY;LANGUAGE=pt:X"), []string{"L3 2026-01-05 X"}},
		"something broken": {ics("nada aqui", "BEGIN:VEVENT", "DTSTART:20260105", "SUMMARY:X", "END:VEVENT"), []string{"L4 2026-01-05 X", "L3 !line"}},
	} {
		if got := told(t, c.file); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", name, got, c.want)
		}
	}
	if _, _, err := Read(make([]byte, MaxFile+1), from, to); err == nil || !strings.Contains(err.Error(), ErrFileLarge.Code) {
		t.Errorf("a file that is too large: %v", err)
	}
	if _, _, err := Read([]byte(strings.Repeat("\n", maxLines)), from, to); err == nil || !strings.Contains(err.Error(), ErrFileLines.Code) {
		t.Errorf("too many lines: %v", err)
	}
}

// Whatever the file holds, its reading ends, each day is of the years that were
// asked for and stands there once, and each has a name and hours that a calendar takes.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"25/01/2026;São Paulo;8h-12h\n", "\xef\xbb\xbfdata,nome\n1/1/2026,\"x", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20260216\nDTEND:20260219\nRRULE:FREQ=YEARLY;COUNT=9\nSUMMARY:C\n D\nEND:VEVENT",
		"BEGIN:VEVENT\nDTSTART:00010101\nRRULE:FREQ=YEARLY;INTERVAL=999\nSUMMARY:\\n\nDURATION:P4W\nEND:VEVENT", "BEGIN:\x00", ";;\n,,",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		found, bad, err := Read(file, from, to)
		if err != nil && len(found)+len(bad) > 0 {
			t.Fatal("an error and days")
		}
		seen := map[brazil.Date]bool{}
		for _, d := range found {
			if seen[d.Day] || !within(d.Day, from, to) || d.Day.AddDays(0) != d.Day || d.Line < 1 || d.Name == "" {
				t.Fatalf("%+v", d)
			}
			seen[d.Day] = true
			last := 0
			for _, v := range d.Hours {
				if v.From < last || v.To <= v.From || v.To > 2880 || v.From >= 1440 {
					t.Fatalf("%+v", d)
				}
				last = v.To
			}
		}
		for _, b := range bad {
			if b.Line < 1 || b.Code == "" {
				t.Fatalf("%+v", b)
			}
		}
	})
}
