package demo

import (
	"math/rand/v2"
	"slices"
	"time"
)

// leftAlone reaches from a Sunday back over two working days.
const leftAlone = 4 * 24 * time.Hour

// live plays what happens to a ticket until now: somebody takes it after a
// while, answers, the customer writes back or not, most are solved. Some are
// left alone too long, which is what a supervisor's screen is for.
func (c corpus) live(r *rand.Rand, s *story, now time.Time, zone *time.Location) {
	agents := c.whoWorks(s)
	if len(agents) == 0 {
		return
	}
	if now.Sub(s.Opened) < leftAlone && r.IntN(100) < 3 {
		return // nobody took it: overdue by now, whatever day of the week the demonstration starts
	}
	by := pick(r, agents)
	wait := officeTime(s.Opened, time.Duration(r.ExpFloat64()*float64(80*time.Minute)), zone)
	if r.IntN(100) < 6 { // forgotten
		wait = officeTime(s.Opened, time.Duration(9+r.IntN(30))*time.Hour, zone)
	}
	if s.Channel == "phone" { // the note is written during the call
		wait = s.Opened.Add(time.Duration(60+r.IntN(400)) * time.Second)
		if r.IntN(5) == 0 { // and passed on
			wait = officeTime(s.Opened, time.Duration(r.IntN(10))*time.Hour, zone)
		}
	}
	at := wait
	do := func(what deed, text string, after time.Duration) bool {
		at = at.Add(after)
		if !at.Before(now) {
			return false
		}
		s.Acts = append(s.Acts, act{At: at.Truncate(time.Microsecond), What: what, By: by, Text: s.fill(text)})
		return true
	}
	if !do(claims, "", 0) {
		return
	}
	var q reason
	if s.Reason >= 0 {
		q = c.Reasons[s.Reason]
	} else {
		q.Replies = []string{"Sua manifestação foi registrada pela ouvidoria. Vamos ouvir a área responsável e responder a cada ponto, por escrito, dentro do prazo desta página."}
	}
	if r.IntN(3) == 0 && len(q.Notes) > 0 {
		if !do(notes, pick(r, q.Notes), time.Duration(2+r.IntN(9))*time.Minute) {
			return
		}
	}
	if r.IntN(12) == 0 {
		do(waitsForOthers, "", time.Duration(3+r.IntN(20))*time.Minute)
		at = officeTime(at, time.Duration(r.IntN(14))*time.Hour, zone)
	}
	said := map[string]bool{}
	for turn := range 4 {
		what := replies
		if r.IntN(100) < 62+12*turn {
			what = replyThenResolves
		}
		answer := pick(r, q.Replies)
		if said[answer] {
			answer = pick(r, c.People.Closings)
		}
		said[answer] = true
		if !do(what, answer, time.Duration(3+r.IntN(25))*time.Minute) || what == replyThenResolves {
			break
		}
		if len(q.Followups) == 0 || r.IntN(100) < 35 {
			return // waiting for a customer who has not written yet
		}
		if !do(writes, pick(r, q.Followups), time.Duration(1+r.ExpFloat64()*7*float64(time.Hour))) {
			return
		}
		at = officeTime(at, time.Duration(r.ExpFloat64()*float64(90*time.Minute)), zone)
	}
	if len(s.Acts) > 0 && s.Acts[len(s.Acts)-1].What == replyThenResolves && len(q.Followups) > 0 && r.IntN(100) < 9 {
		do(writes, q.Followups[len(q.Followups)-1], time.Duration(2+r.IntN(30))*time.Hour)
	}
}

// whoWorks are the members of staff who may take the ticket.
func (c corpus) whoWorks(s *story) []int {
	var who []int
	for i, a := range c.People.Agents {
		if s.Walled == (a.Role == "ombudsman") && a.Role != "supervisor" && slices.Contains(a.Teams, s.Team) {
			who = append(who, i)
		}
	}
	return who
}

// officeTime adds d to at, counting only 8 to 20 h from Monday to Saturday.
func officeTime(at time.Time, d time.Duration, zone *time.Location) time.Time {
	const opens, closes = 8, 20
	t := at.In(zone)
	for {
		open := time.Date(t.Year(), t.Month(), t.Day(), opens, 0, 0, 0, zone)
		end := time.Date(t.Year(), t.Month(), t.Day(), closes, 0, 0, 0, zone)
		if t.Weekday() == time.Sunday || !t.Before(end) {
			t = time.Date(t.Year(), t.Month(), t.Day()+1, opens, 0, 0, 0, zone)
			continue
		}
		if t.Before(open) {
			t = open
		}
		if left := end.Sub(t); d > left {
			d -= left
			t = end
			continue
		}
		return t.Add(d).In(at.Location())
	}
}
