package routing_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/presence"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
	"github.com/escuta-sac/escuta/internal/roster"
	"github.com/escuta-sac/escuta/internal/routing"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// board is a presence that a test decides.
type board struct {
	mu     sync.Mutex
	states map[int64]presence.State
}

func (b *board) set(account int64, s presence.State) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.states[account] = s
}

func (b *board) State(account int64) presence.State {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.states[account]
}

func (b *board) People() (all []presence.Person) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, s := range b.states {
		if s != "" {
			all = append(all, presence.Person{Account: id, State: s})
		}
	}
	return all
}

type nobody struct{}

func (nobody) Poke() {}

// floor is a team to which tickets are pushed, and two agents who are here.
type floor struct {
	db         *postgres.DB
	roster     *roster.Service
	board      *board
	r          *routing.Router
	events     *event.Log
	ana, bruno access.Actor
	reached    bool

	mu   sync.Mutex
	late time.Duration // by which the clock is ahead
}

func (f *floor) now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Now().UTC().Truncate(time.Microsecond).Add(f.late)
}

func (f *floor) pass(by time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.late += by
}

func newFloor(t *testing.T) *floor {
	t.Helper()
	f := &floor{db: pgtest.New(t), board: &board{states: map[int64]presence.State{}}, reached: true}
	f.events = event.NewLog(f.db, redistest.New(t), slog.New(slog.NewTextHandler(io.Discard, nil)))
	f.roster = roster.New(f.db, time.UTC, f.now)
	f.r = f.router()
	f.sql(t, "UPDATE teams SET routing = 'push'")
	f.ana = tickettest.Account(t, f.db, access.Agent, tickettest.DefaultTeam)
	f.bruno = tickettest.Account(t, f.db, access.Agent, tickettest.DefaultTeam)
	f.board.set(f.ana.AccountID, presence.Online)
	f.board.set(f.bruno.AccountID, presence.Online)
	return f
}

func (f *floor) router() *routing.Router {
	return routing.New(routing.Deps{DB: f.db, Roster: f.roster, Board: f.board, Events: f.events, Reached: func() bool { return f.reached },
		Poke: nobody{}, Now: f.now, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
}

func (f *floor) sql(t *testing.T, sql string, args ...any) {
	t.Helper()
	if err := f.db.Gorm.Exec(sql, args...).Error; err != nil {
		t.Fatal(err)
	}
}

// drain passes until nothing is left to do.
func (f *floor) drain(t *testing.T) (next time.Time) {
	t.Helper()
	for more := true; more; {
		var err error
		if more, next, err = f.r.Pass(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return next
}

func (f *floor) capacity(t *testing.T, who access.Actor, n int) {
	t.Helper()
	f.sql(t, "INSERT INTO account_capacities VALUES (?, '', ?) ON CONFLICT (account_id, channel) DO UPDATE SET at_once = excluded.at_once", who.AccountID, n)
}

func (f *floor) open(t *testing.T, tk ticket.Ticket, due time.Duration) ticket.Ticket {
	t.Helper()
	at := f.now().Add(due)
	tk.Deadline.Due = &at
	return tickettest.Open(t, f.db, tk)
}

// whose is who has a ticket, 0 for nobody.
func (f *floor) whose(t *testing.T, id int64) int64 {
	t.Helper()
	if a := tickettest.Fresh(t, f.db, id).AssigneeID; a != nil {
		return *a
	}
	return 0
}

// told is what the newest event of a ticket tells.
func (f *floor) told(t *testing.T, id int64) (kind string, told routing.Told) {
	t.Helper()
	all := tickettest.Events(t, f.db, id)
	last := all[len(all)-1]
	var payload struct{ Data routing.Told }
	if err := json.Unmarshal(last.Payload, &payload); err != nil {
		t.Fatal(err)
	}
	return last.Kind, payload.Data
}

func (f *floor) answered(t *testing.T, id int64, by access.Actor, ago time.Duration) {
	t.Helper()
	f.sql(t, "INSERT INTO messages (ticket_id, direction, author_id, body, version, at) VALUES (?, 'out', ?, 'x', 1, ?)", id, by.AccountID, f.now().Add(-ago))
}
