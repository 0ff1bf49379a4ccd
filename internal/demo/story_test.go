package demo

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/brazil"
)

var friday = time.Date(2026, 11, 20, 18, 30, 0, 0, time.UTC)

func aWeek(t *testing.T, seed uint64) (corpus, world) {
	t.Helper()
	c, err := readCorpus()
	if err != nil {
		t.Fatal(err)
	}
	return c, c.week(seed, friday, time.UTC, 2000)
}

func TestTheSameSeedGivesTheSameWeek(t *testing.T) {
	_, a := aWeek(t, 7)
	_, b := aWeek(t, 7)
	_, other := aWeek(t, 8)
	strip := func(w world) world {
		for i := range w.Stories {
			w.Stories[i].fill = nil
		}
		return w
	}
	if !reflect.DeepEqual(strip(a), strip(b)) {
		t.Error("two weeks of one seed differ")
	}
	if reflect.DeepEqual(strip(a), strip(other)) {
		t.Error("another seed gives the same week")
	}
}

func TestTheWeekIsBelievable(t *testing.T) {
	c, w := aWeek(t, 1)
	digits := regexp.MustCompile(`R\$ \d{4}`)
	channels, done, blank := map[string]int{}, 0, 0
	for _, s := range w.Stories {
		channels[s.Channel]++
		last := s.Opened
		for _, a := range s.Acts {
			if a.At.Before(last) || !a.At.Before(friday) {
				t.Fatalf("an act of %v after %v, now %v", a.At, last, friday)
			}
			last = a.At
			if strings.ContainsAny(a.Text, "{}") {
				t.Errorf("a blank was left in %q", a.Text)
			}
		}
		if strings.ContainsAny(s.Subject+s.Body, "{}") {
			t.Errorf("a blank was left in %q", s.Subject)
		}
		if digits.MatchString(s.Subject + s.Body) {
			t.Errorf("an amount without its point in %q", s.Subject+s.Body)
		}
		if n := len(s.Acts); n > 0 && s.Acts[n-1].What == replyThenResolves {
			done++
		} else if n == 0 {
			blank++
		}
		if s.Walled != (s.Channel == "ombudsman") {
			t.Errorf("a case of %s, walled %v", s.Channel, s.Walled)
		}
	}
	for _, name := range []string{"phone", "webform", "email", "ombudsman"} {
		if channels[name] < 15 {
			t.Errorf("%d tickets by %s", channels[name], name)
		}
	}
	if done < len(w.Stories)/2 || done > len(w.Stories)*9/10 || blank < 10 {
		t.Errorf("%d of %d solved, %d untouched", done, len(w.Stories), blank)
	}
	for _, p := range w.People[:50] {
		if _, err := brazil.ParseCPF(p.CPF); err != nil {
			t.Errorf("%s of %s: %v", p.CPF, p.Name, err)
		}
		if phone, err := brazil.ParsePhone(p.Phone); err != nil || string(phone) != p.Phone {
			t.Errorf("%s is stored as %s: %v", p.Phone, phone, err)
		}
	}
	for _, q := range c.Reasons {
		if len(q.Openings) == 0 || len(q.Subjects) < len(q.Openings) || len(q.Replies) == 0 || q.Weight == 0 || q.Team == "" {
			t.Errorf("reason %v is incomplete", q.Path)
		}
	}
}

func TestSomethingIsOverdueWheneverTheWeekIsLookedAt(t *testing.T) {
	c, err := readCorpus()
	if err != nil {
		t.Fatal(err)
	}
	sunday := time.Date(2026, 11, 22, 7, 30, 0, 0, time.UTC)
	for day := range 7 {
		now := sunday.AddDate(0, 0, day)
		overdue := 0
		for _, s := range c.week(1, now, time.UTC, 2000).Stories {
			working := s.Opened.Weekday() != time.Saturday && s.Opened.Weekday() != time.Sunday
			if len(s.Acts) == 0 && working && now.Sub(s.Opened) > 44*time.Hour { // before Friday noon, on a Sunday
				overdue++
			}
		}
		if overdue < 3 || overdue > 60 {
			t.Errorf("on a %s %d tickets were left alone past their deadline", now.Weekday(), overdue)
		}
	}
}

func TestProductsAgreeWithTheirArticles(t *testing.T) {
	c, w := aWeek(t, 1)
	for _, product := range c.People.Products {
		for _, article := range []string{"o", "do", "um", "meu", "a", "da", "uma", "minha"} {
			masculine := strings.HasSuffix(article, "o") || article == "um" || article == "meu"
			if masculine != feminine(product) {
				continue
			}
			for _, s := range w.Stories {
				if text := strings.ToLower(" " + s.Subject + " " + s.Body); strings.Contains(text, " "+article+" "+strings.ToLower(product)) {
					t.Fatalf("“%s %s” in %q", article, product, s.Body)
				}
			}
		}
	}
}
