// Package commitment finds in what we write to a customer what we promise them,
// and by when: "retorno até quinta 15h" becomes an instant. Portuguese is read in
// depth, Spanish and English in their commonest forms.
//
// What it does not find costs a click; what it finds without reason costs the
// trust of whoever writes. So it looks for a verb in the first person (or "nossa
// equipe") with a time of its own, and gives up on questions, conditions,
// negations, the past and the words of others. What is left and still may mean
// something else is a suggestion: Certain is false, and nothing comes of it
// until a person says so.
//
// It is a pure function of text, instant and calendar, linear in the text.
package commitment

import (
	"slices"
	"strings"
	"time"
)

// Promise is one that was found.
type Promise struct {
	Text string    // the sentence it stands in, as it was written, shortened
	Due  time.Time // UTC, a whole minute
	// Hour is false when only a day was named: then Due is the end of the working
	// day, by which the customer has it by either reading of "até quinta".
	Hour    bool
	Certain bool // false: a suggestion
}

// Reckoning is where and by which days a time is meant.
type Reckoning struct {
	Zone *time.Location
	// BusinessDays gives the last instant of the n-th business day after a day. A
	// nil function leaves promises in business days out.
	BusinessDays func(from time.Time, n int) (time.Time, error)
}

// Bounds of reading.
const (
	maxText     = 100_000             // bytes; what is longer is read up to there
	maxFound    = 5                   // promises of one text
	maxShown    = 200                 // runes of a sentence
	farthest    = 90 * 24 * time.Hour // what lies further ahead is a slip, or another year
	longestWait = 90                  // days of "em N dias"
)

// Read finds the promises of a text in their order, two of one instant once.
// The text is what its author wrote now: quoted mails and signatures are the
// caller's to fold away; lines that begin with ">" and words in quotation marks
// are not read.
func Read(text string, now time.Time, r Reckoning) []Promise {
	if len(text) > maxText {
		text = text[:maxText]
	}
	now = now.In(r.Zone)
	var found []Promise
	all := sentences(text)
	words := languageOf(all)
	for _, s := range all {
		for _, p := range s.promises(words, now, r) {
			at := slices.IndexFunc(found, func(f Promise) bool { return f.Due.Equal(p.Due) })
			if at >= 0 {
				found[at].Certain = found[at].Certain || p.Certain
				continue
			}
			if found = append(found, p); len(found) == maxFound {
				return found
			}
		}
	}
	return found
}

// promises are those of one sentence: a verb of ours and the time that belongs to it.
func (s sentence) promises(w *language, now time.Time, r Reckoning) []Promise {
	if s.asks || s.conditional(w) {
		return nil
	}
	clauses := s.clauses(w)
	var found []Promise
	for i, c := range clauses {
		v, ok := w.verb(c)
		if !ok || w.refused(c, v) || w.reported(s.tokens, c.tokens[v.at]) || w.that[at(s.tokens, c.at+v.at+1)] {
			continue
		}
		times, used := w.times(c.tokens), v.at
		if len(times) == 0 && i+1 < len(clauses) { // "retorno, até quinta, com a resposta"
			if next := clauses[i+1]; !w.speaks(next) {
				if after := w.times(next.tokens); len(after) > 0 && after[0].from <= opening {
					times, used = after[:1], -1
				}
			}
		}
		if len(times) == 0 && i > 0 { // "até quinta às 15h, retorno"
			if before := clauses[i-1]; !w.speaks(before) {
				if all := w.times(before.tokens); len(all) == 1 && all[0].from <= opening && len(before.tokens)-all[0].to <= 1 {
					times, used = all, -1
				}
			}
		}
		times = w.goOn(times, clauses, i+1)
		m, ok := choose(c, times, used)
		if !ok {
			continue
		}
		due, hour, sure := m.instant(now, r)
		if due.IsZero() || !due.After(now) || due.Sub(now) > farthest {
			continue
		}
		sure = sure && v.sure && !s.has(w.hedges, w) && !(v.past && !m.ahead()) && !m.unclear
		found = append(found, Promise{Text: shorten(s.text), Due: due.UTC(), Hour: hour, Certain: sure})
	}
	return found
}

// goOn adds to the last of some times what the next clauses say of it: "até
// quinta, às 15h", "até quinta (26/11) às 15h".
func (w *language) goOn(times []moment, clauses []clause, next int) []moment {
	for ; len(times) > 0 && next < len(clauses) && !w.speaks(clauses[next]); next++ {
		more := w.times(clauses[next].tokens)
		last := len(times) - 1
		if len(more) == 0 || !w.joins(clauses[next].tokens[:more[0].from]) || !joinable(times[last], more[0]) {
			break
		}
		from, to := times[last].from, times[last].to
		times[last] = join(times[last], more[0])
		times[last].from, times[last].to = from, to
	}
	return times
}

// opening is how many words may stand before a time that opens a clause: "já na".
const opening = 3

// choose takes the last of the times of a clause that belong to the verb: of
// "entre 14h e 16h" the customer waits until 16h.
func choose(c clause, times []moment, verb int) (m moment, ok bool) {
	for _, t := range times {
		if verb >= 0 && attribute(c.tokens, verb, t) {
			continue
		}
		if ok && m.day != noDay && t.day != noDay {
			t.unclear = true // "na quinta ou na sexta"
		}
		if ok && m.day != noDay && t.day == noDay {
			t.day, t.n, t.month, t.year, t.nextWeek, t.unclear = m.day, m.n, m.month, m.year, m.nextWeek, m.unclear
		}
		m, ok = t, true
	}
	return m, ok
}

func shorten(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > maxShown {
		return strings.TrimRight(string(runes[:maxShown-1]), " ,") + "…"
	}
	return text
}
