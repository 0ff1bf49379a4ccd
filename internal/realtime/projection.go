package realtime

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/jackc/pgx/v5"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// projection knows of every open ticket what the counters need (some 400 bytes
// each), and keeps the counts by team, side of the wall and person up to date
// event by event. Asking PostgreSQL to count would read every open ticket.
type projection struct {
	zone  *time.Location
	now   func() time.Time
	views Views

	mu       sync.RWMutex
	open     map[int64]mark
	tallies  map[access.Audience]*tally
	own      map[int64]map[access.Audience]*ownTally // by account
	tomorrow int64                                   // the next local midnight, microseconds
	at       event.Position                          // the last event that is counted in
	changes  uint64                                  // rises with whatever may change a count

	minute int64               // at which rules are asked, microseconds
	ruled  map[string]*counter // of saved views that somebody looks at, by the key of their rule
}

// mark is one open ticket.
type mark struct {
	ticket.Facts
	barred  access.Barred
	version int32
}

func (m mark) audience() access.Audience {
	return access.Audience{Team: m.TeamID, Walled: m.Walled, Barred: m.barred}
}

// tally counts the open tickets of one team on one side of the wall.
type tally struct{ all, unassigned, dueToday, breached, waiting, promised, reopened int }

// ownTally counts those of them that wait for one person.
type ownTally struct{ mine, unread, mentions int }

func newProjection(zone *time.Location, now func() time.Time, views Views) *projection {
	p := &projection{zone: zone, now: now, views: views, ruled: map[string]*counter{}}
	p.clear()
	return p
}

func (p *projection) clear() {
	p.open = map[int64]mark{}
	p.tallies = map[access.Audience]*tally{}
	p.own = map[int64]map[access.Audience]*ownTally{}
	p.tomorrow = ticket.Tomorrow(p.now().In(p.zone)).UnixMicro()
	p.minute = ticket.RuleTime(p.now()).UnixMicro()
	for _, c := range p.ruled {
		c.tallies = map[access.Audience]int{}
	}
}

// load reads all open tickets. They are at least as new as at, which was the head
// before; events after it that are already in them are told apart by version.
func (p *projection) load(ctx context.Context, db *postgres.DB, at event.Position) error {
	rows, err := db.Pool.Query(ctx, "SELECT "+ticket.FactColumns+", id, version, barred FROM tickets t WHERE open")
	if err != nil {
		return fmt.Errorf("load the open tickets: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	var (
		id    int64
		m     mark
		facts ticket.FactRow
	)
	_, err = pgx.ForEachRow(rows, append(facts.Into(), &id, &m.version, &m.barred), func() error {
		m.Facts = facts.Facts()
		p.open[id] = m
		p.count(m, 1)
		return nil
	})
	if err != nil {
		return fmt.Errorf("load the open tickets: %w", err)
	}
	p.at = at
	p.changes++
	return nil
}

// apply counts events in, which are in order and follow on each other.
func (p *projection) apply(epoch string, events []event.Event) error {
	marks := make([]ticket.FactRow, len(events))
	for i, e := range events {
		payload := struct {
			Row *ticket.FactRow `json:"row"`
		}{&marks[i]}
		// Looking for duplicate names is a fifth of the work, and jsonb keeps none.
		if err := json.Unmarshal(e.Payload, &payload, jsontext.AllowDuplicateNames(true)); err != nil {
			return fmt.Errorf("the event at position %d has no list row: %w", e.Pos, err)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, e := range events {
		m := mark{Facts: marks[i].Facts(), barred: e.Audience.Barred, version: int32(e.Version)}
		was, known := p.open[e.TicketID]
		if known && int(was.version) >= e.Version {
			continue // loaded with it
		}
		if known {
			p.count(was, -1)
		}
		if !m.Status.IsOpen() || e.Kind == event.TicketErased {
			delete(p.open, e.TicketID)
			continue
		}
		p.open[e.TicketID] = m
		p.count(m, 1)
	}
	if n := len(events); n > 0 {
		p.at = event.Position{Epoch: epoch, Pos: events[n-1].Pos}
		p.changes++
	}
	return nil
}

// audience is who may know of an open ticket.
func (p *projection) audience(id int64) (au access.Audience, open bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	m, open := p.open[id]
	return m.audience(), open
}

// count adds n times one ticket to the counts.
func (p *projection) count(m mark, n int) {
	au := m.audience()
	t := p.tallies[au]
	if t == nil {
		t = &tally{}
		p.tallies[au] = t
	}
	t.all += n
	if m.Due < p.tomorrow && !m.Breached {
		t.dueToday += n
	}
	if m.Breached {
		t.breached += n
	}
	if m.Status == ticket.WaitingCustomer {
		t.waiting += n
	}
	if m.PromisedAt != ticket.Never {
		t.promised += n
	}
	if m.ReopenedAt != ticket.Never {
		t.reopened += n
	}
	if m.AssigneeID == 0 {
		t.unassigned += n
	} else {
		own := ownTally{mine: n}
		if m.Unread {
			own.unread = n
		}
		p.countOwn(m.AssigneeID, au, own)
	}
	for _, c := range p.ruled {
		c.count(&m, p.minute, n)
	}
	for _, account := range m.Mentioned {
		p.countOwn(account, au, ownTally{mentions: n})
	}
}

func (p *projection) countOwn(account int64, au access.Audience, more ownTally) {
	of := p.own[account]
	if of == nil {
		of = map[access.Audience]*ownTally{}
		p.own[account] = of
	}
	t := of[au]
	if t == nil {
		t = &ownTally{}
		of[au] = t
	}
	t.mine, t.unread, t.mentions = t.mine+more.mine, t.unread+more.unread, t.mentions+more.mentions
	if *t == (ownTally{}) {
		delete(of, au)
		if len(of) == 0 {
			delete(p.own, account)
		}
	}
}

// turnDay counts again when a local day has ended, since other tickets are due
// today then.
func (p *projection) turnDay() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now().UnixMicro() < p.tomorrow {
		return
	}
	open := p.open
	p.clear()
	p.open = open
	for _, m := range open {
		p.count(m, 1)
	}
	p.changes++
}

// state is a number that is another one whenever a count may be.
func (p *projection) state() uint64 {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.changes
}

// sharedLocked counts what everybody of one group has in common: all but what is
// one person's.
func (p *projection) sharedLocked(a access.Actor) (c Counts) {
	for au, t := range p.tallies {
		if !a.MaySee(au) {
			continue
		}
		c.All += t.all
		c.Unassigned += t.unassigned
		c.DueToday += t.dueToday
		c.Breached += t.breached
		c.WaitingCustomer += t.waiting
		c.Promised += t.promised
		c.Reopened += t.reopened
		if _, in := slices.BinarySearch(a.Teams, au.Team); in && !au.Walled {
			c.Team += t.all
		}
	}
	return c
}

// ownLocked adds what is one person's.
func (p *projection) ownLocked(a access.Actor, c *Counts) {
	for au, t := range p.own[a.AccountID] {
		if a.MaySee(au) {
			c.Mine += t.mine
			c.Unread += t.unread
			c.Mentions += t.mentions
		}
	}
}

// counts gives all of somebody's counters and the position they belong to.
func (p *projection) counts(a access.Actor) (Counts, event.Position) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	c := p.sharedLocked(a)
	p.ownLocked(a, &c)
	return c, p.at
}

func (p *projection) position() event.Position {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.at
}
