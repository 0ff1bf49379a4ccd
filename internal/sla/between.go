package sla

import (
	"time"

	"github.com/escuta-sac/escuta/internal/brazil"
)

// Between is how long the calendar is open from one instant to another. It is 0
// when to is not after from.
func (c *Calendar) Between(from, to time.Time) time.Duration {
	var open time.Duration
	var spans []span
	for d, last := brazil.DateOf(from, c.hours.Zone), brazil.DateOf(to, c.hours.Zone); !last.Before(d); d = d.AddDays(1) {
		spans = c.openOn(spans[:0], d)
		for _, s := range spans {
			if s.from.Before(from) {
				s.from = from
			}
			if s.to.After(to) {
				s.to = to
			}
			if s.to.After(s.from) {
				open += s.to.Sub(s.from)
			}
		}
	}
	return open
}
