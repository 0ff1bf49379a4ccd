package realtime

import (
	"slices"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/view"
)

// SavedCount is how many open tickets a saved view holds for somebody.
type SavedCount struct {
	View int64
	N    int
}

// counter counts what one rule holds, by audience: a rule that many have in their
// rail is counted once, and each of them adds up what they may see.
type counter struct {
	rule    *ticket.Bound
	tallies map[access.Audience]int
	asked   time.Time
}

// unasked is after how long a counter that nobody asks for is given up.
const unasked = 5 * time.Minute

func (c *counter) count(m *mark, minute int64, n int) {
	if c.rule.Holds(&m.Facts, minute) {
		c.tallies[m.audience()] += n
	}
}

// pinned gives the saved views in the actor's rail, and sees to it that they are
// counted. The first to ask for one pays for a walk over the open tickets; after
// that it costs one question a changed ticket.
func (p *projection) pinned(a access.Actor) []view.Pinned {
	if p.views == nil {
		return nil
	}
	all := p.views.Pinned(a)
	now := p.now()
	p.mu.RLock()
	missing := slices.ContainsFunc(all, func(v view.Pinned) bool {
		c := p.ruled[v.Rule.Key]
		return c == nil || now.Sub(c.asked) > unasked/2
	})
	p.mu.RUnlock()
	if !missing {
		return all
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, v := range all {
		c := p.ruled[v.Rule.Key]
		if c == nil {
			c = &counter{rule: v.Rule}
			c.recount(p)
			p.ruled[v.Rule.Key] = c
		}
		c.asked = now
	}
	return all
}

func (c *counter) recount(p *projection) {
	c.tallies = map[access.Audience]int{}
	for _, m := range p.open {
		c.count(&m, p.minute, 1)
	}
}

// savedLocked counts for one person.
func (p *projection) savedLocked(a access.Actor, pinned []view.Pinned) []SavedCount {
	var counts []SavedCount
	for _, v := range pinned {
		c := p.ruled[v.Rule.Key]
		if c == nil {
			continue // given up this instant; it comes back with the next counts
		}
		n := 0
		for au, k := range c.tallies {
			if a.MaySee(au) {
				n += k
			}
		}
		counts = append(counts, SavedCount{v.ID, n})
	}
	return counts
}

// turnMinute asks again what time alone may have changed, once a minute, and
// gives up what nobody asks for.
func (p *projection) turnMinute() {
	minute := ticket.RuleTime(p.now()).UnixMicro()
	p.mu.Lock()
	defer p.mu.Unlock()
	if minute <= p.minute {
		return
	}
	p.minute = minute
	now := p.now()
	for key, c := range p.ruled {
		switch {
		case now.Sub(c.asked) > unasked:
			delete(p.ruled, key)
		case c.rule.Timed:
			c.recount(p)
			p.changes++
		}
	}
}

// touch has everybody's counters looked at again.
func (p *projection) touch() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.changes++
}
