package sla

import "time"

// Summary is what a ticket's list row shows of its clocks. Its fields are those
// of ticket.Deadline, in the same order, so that one converts into the other.
type Summary struct {
	Due      *time.Time // when the next running clock runs out, or did; nil when none runs
	Clock    string     // its kind
	From     *time.Time // when it started
	Warn     *time.Time // when three quarters of it are used up
	Clocks   int        // running or paused
	Paused   string     // why the ticket's clocks stand still, when none runs
	Breached bool       // one that still runs, or stands still, has run out
}

// Summarize is the summary of a ticket that is about to get these clocks.
func Summarize(clocks []NewClock) Summary {
	var s Summary
	for i := range clocks {
		c := &clocks[i]
		s.running(c.Kind, c.StartedAt, c.Due, c.Warn75)
	}
	return s
}

// running counts one running clock in. Of two that are due at once the first is shown.
func (s *Summary) running(kind Kind, from, due, warn time.Time) {
	s.Clocks++
	if s.Due == nil || due.Before(*s.Due) {
		s.Due, s.Clock, s.From, s.Warn = &due, string(kind), &from, &warn
	}
}
