package commitment_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/escuta-sac/escuta/internal/commitment"
)

var weekdays = []string{"domingo", "segunda", "terça", "quarta", "quinta", "sexta", "sábado"}

// A day of the week is the next one, at the hour that was named, whenever it is written.
func TestAWeekdayIsTheNextOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		now := monday.Add(time.Duration(rapid.IntRange(0, 366*24*60).Draw(rt, "minutes")) * time.Minute)
		day, hour := rapid.IntRange(0, 6).Draw(rt, "day"), rapid.IntRange(0, 23).Draw(rt, "hour")
		found := read(fmt.Sprintf("Retorno até %s às %02d:00.", weekdays[day], hour), now)
		if len(found) != 1 {
			rt.Fatalf("found %s", told(found))
		}
		due := found[0].Due.In(zone)
		if int(due.Weekday()) != day || due.Hour() != hour || !due.After(now) || due.Sub(now) > 8*24*time.Hour {
			rt.Fatalf("written %s: due %s", now, due)
		}
		if found[0].Certain != (int(now.Weekday()) != day) {
			rt.Fatalf("written on %s for %s: certain %v", now.Weekday(), weekdays[day], found[0].Certain)
		}
	})
}

// Whatever is found lies ahead, and no further than half a year.
func TestAPromiseLiesAhead(t *testing.T) {
	t.Parallel()
	words := []string{"retorno", "ligamos", "até", "quinta", "15h", "amanhã", "dia", "30", "25/11", "em", "48", "horas", "dias", "úteis", "não", "se", "que", ",", ".", "?",
		"fim", "da", "semana", "às", "10", "próxima", "hoje", "vou", "retornar", "e", "\"", ">", "\n", "nossa", "equipe", "entrará", "em contato", "31/02", "99999h", "we'll call", "by", "Friday", "p.m."}
	rapid.Check(t, func(rt *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 40).Draw(rt, "words"), " ")
		now := monday.Add(time.Duration(rapid.IntRange(0, 1_000_000).Draw(rt, "minutes")) * time.Minute)
		for _, p := range read(text, now) {
			if !p.Due.After(now) || p.Due.Sub(now) > 91*24*time.Hour || p.Due.Location() != time.UTC || p.Due.Second() != 0 {
				rt.Fatalf("%q on %s: due %s", text, now, p.Due)
			}
		}
	})
}

// A sentence means the same alone and among others.
func TestSentencesStandAlone(t *testing.T) {
	t.Parallel()
	const promise = "Retorno até quinta às 15h"
	for _, around := range []string{"%s", "Olá, Rita.\n\n%s.\n\nAtenciosamente,\nAna", "O senhor pagou? %s. Se precisar, ligue.", "Não foi possível localizar. %s!", "(1) %s;"} {
		found := read(fmt.Sprintf(around, promise), monday)
		if len(found) != 1 || !found[0].Certain || found[0].Text != promise && found[0].Text != "(1) "+promise {
			t.Errorf("in %q: %s %+v", around, told(found), found)
		}
	}
	if found := read(promise+". "+promise+".", monday); len(found) != 1 {
		t.Errorf("said twice: %s", told(found))
	}
	if found := read(strings.Repeat("Ligo em 2 horas. Ligo em 3 horas. Ligo em 4 horas. Ligo em 5 horas. Ligo em 6 horas. Ligo em 7 horas. ", 3), monday); len(found) != 5 {
		t.Errorf("many: %s", told(found))
	}
}

// What the hour of writing makes of a text.
func TestTheHourOfWritingCounts(t *testing.T) {
	t.Parallel()
	evening := time.Date(2026, time.November, 23, 19, 0, 0, 0, zone)
	newYear := time.Date(2026, time.December, 28, 9, 0, 0, 0, zone)
	for _, tt := range []struct {
		text, want string
		now        time.Time
		sure       bool
	}{
		{"Até o fim do dia eu retorno", "2026-11-23 23:59", evening, true}, // the working day is over
		{"Retorno até as 18h", "2026-11-24 18:00", evening, false},
		{"Retorno até 05/01", "2027-01-05 18:00", newYear, true},
		{"Retorno até dia 5", "2027-01-05 18:00", newYear, true},
		{"Retorno em 3 dias", "2026-12-31 18:00", newYear, true},
	} {
		found := read(tt.text, tt.now)
		if len(found) != 1 || found[0].Due.In(zone).Format(layout) != tt.want || found[0].Certain != tt.sure {
			t.Errorf("%q on %s: %s", tt.text, tt.now.Format(layout), told(found))
		}
	}
	if found := read("Retorno até 27/12", newYear); len(found) != 0 {
		t.Errorf("a date that is over: %s", told(found))
	}
	if found := commitment.Read("Retorno em 2 dias úteis", monday, commitment.Reckoning{Zone: zone}); len(found) != 0 {
		t.Errorf("business days without a calendar: %s", told(found))
	}
}

func FuzzRead(f *testing.F) {
	for _, text := range []string{"Retorno até quinta 15h", "Ligo amanhã às 3 da tarde", "> citado", "“aspas” até 25/11/2026", "vou\x00retornar até \xff", "25/11/26/27 às 99:99h",
		"Entraremos em contato em vinte e quatro horas", "we'll call by 3 p.m. Friday", "le llamaremos el jueves a las 15", "º ª 1º de dezembro", "até até até até 2 2 2 horas horas"} {
		f.Add(text, int64(1795000000))
	}
	f.Fuzz(func(t *testing.T, text string, at int64) {
		now := time.Unix(at%4_000_000_000, 0)
		for _, p := range read(text, now) {
			if !p.Due.After(now) || len([]rune(p.Text)) > 200 || p.Text == "" {
				t.Errorf("%q: %+v", text, p)
			}
		}
	})
}
