package realtime

import (
	"context"
	"fmt"
	"math"
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

// projection knows of every open ticket what the counters need (some 80 bytes
// each), and keeps the counts by team, side of the wall and assignee up to date
// event by event. Asking PostgreSQL to count would read every open ticket.
type projection struct {
	zone *time.Location
	now  func() time.Time

	mu       sync.RWMutex
	open     map[int64]mark
	tallies  map[access.Audience]*tally
	assigned map[int64]map[access.Audience]int
	tomorrow int64          // the next local midnight, microseconds
	at       event.Position // the last event that is counted in
	changes  uint64         // rises with whatever may change a count
}

// mark is one open ticket.
type mark struct {
	team, assignee int64
	due            int64 // microseconds since 1970; never is the largest
	version        int32
	walled         bool
	barred         access.Barred
	waiting        bool
	breached       bool
}

const never = math.MaxInt64

// tally counts the open tickets of one team on one side of the wall.
type tally struct{ all, unassigned, dueToday, breached, waiting int }

func newProjection(zone *time.Location, now func() time.Time) *projection {
	p := &projection{zone: zone, now: now}
	p.clear()
	return p
}

func (p *projection) clear() {
	p.open = map[int64]mark{}
	p.tallies = map[access.Audience]*tally{}
	p.assigned = map[int64]map[access.Audience]int{}
	p.tomorrow = ticket.Tomorrow(p.now().In(p.zone)).UnixMicro()
}

// load reads all open tickets. They are at least as new as at, which was the head
// before; events after it that are already in them are told apart by version.
func (p *projection) load(ctx context.Context, db *postgres.DB, at event.Position) error {
	rows, err := db.Pool.Query(ctx, `SELECT id, version, team_id, coalesce(assignee_id, 0), walled, barred,
	    status = 'waiting_customer', breached, NULLIF(next_due, 'infinity') FROM tickets WHERE open`)
	if err != nil {
		return fmt.Errorf("load the open tickets: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	var (
		id  int64
		m   mark
		due *time.Time
	)
	_, err = pgx.ForEachRow(rows, []any{&id, &m.version, &m.team, &m.assignee, &m.walled, &m.barred, &m.waiting, &m.breached, &due}, func() error {
		m.due = micro(due)
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

// row is what the counters read of an event's list row.
type row struct {
	Status     ticket.Status `json:"status"`
	TeamID     int64         `json:"team_id"`
	AssigneeID int64         `json:"assignee_id"`
	Walled     bool          `json:"walled"`
	Breached   bool          `json:"breached"`
	NextDue    *time.Time    `json:"next_due"`
}

// apply counts events in, which are in order and follow on each other.
func (p *projection) apply(epoch string, events []event.Event) error {
	marks := make([]row, len(events))
	for i, e := range events {
		payload := struct {
			Row *row `json:"row"`
		}{&marks[i]}
		// Looking for duplicate names is a fifth of the work, and jsonb keeps none.
		if err := json.Unmarshal(e.Payload, &payload, jsontext.AllowDuplicateNames(true)); err != nil {
			return fmt.Errorf("the event at position %d has no list row: %w", e.Pos, err)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, e := range events {
		r := marks[i]
		was, known := p.open[e.TicketID]
		if known && int(was.version) >= e.Version {
			continue // loaded with it
		}
		if known {
			p.count(was, -1)
		}
		if !r.Status.IsOpen() {
			delete(p.open, e.TicketID)
			continue
		}
		m := mark{
			team: r.TeamID, assignee: r.AssigneeID, due: micro(r.NextDue), version: int32(e.Version),
			walled: r.Walled, barred: e.Audience.Barred, waiting: r.Status == ticket.WaitingCustomer, breached: r.Breached,
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
	return access.Audience{Team: m.team, Walled: m.walled, Barred: m.barred}, open
}

// count adds n times one ticket to the counts.
func (p *projection) count(m mark, n int) {
	au := access.Audience{Team: m.team, Walled: m.walled, Barred: m.barred}
	t := p.tallies[au]
	if t == nil {
		t = &tally{}
		p.tallies[au] = t
	}
	t.all += n
	if m.due < p.tomorrow && !m.breached {
		t.dueToday += n
	}
	if m.breached {
		t.breached += n
	}
	if m.waiting {
		t.waiting += n
	}
	if m.assignee == 0 {
		t.unassigned += n
		return
	}
	mine := p.assigned[m.assignee]
	if mine == nil {
		mine = map[access.Audience]int{}
		p.assigned[m.assignee] = mine
	}
	if mine[au] += n; mine[au] == 0 {
		delete(mine, au)
		if len(mine) == 0 {
			delete(p.assigned, m.assignee)
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

// sharedLocked counts what everybody of one group has in common: all but "mine".
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
		if _, in := slices.BinarySearch(a.Teams, au.Team); in && !au.Walled {
			c.Team += t.all
		}
	}
	return c
}

func (p *projection) mineLocked(a access.Actor) (n int) {
	for au, k := range p.assigned[a.AccountID] {
		if a.MaySee(au) {
			n += k
		}
	}
	return n
}

// counts gives all of somebody's counters and the position they belong to.
func (p *projection) counts(a access.Actor) (Counts, event.Position) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	c := p.sharedLocked(a)
	c.Mine = p.mineLocked(a)
	return c, p.at
}

func (p *projection) position() event.Position {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.at
}

func micro(t *time.Time) int64 {
	if t == nil {
		return never
	}
	return t.UnixMicro()
}
