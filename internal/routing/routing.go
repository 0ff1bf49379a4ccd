// Package routing gives tickets out: of teams whose tickets the desk pushes, the
// oldest due first, to whoever is there, can do it and has room; and it takes
// what waits for us off people who are gone. It is a continuous drain, not an act
// at creation: it runs again whenever somebody comes or goes, a shift begins or
// ends, a ticket comes, is reopened or let go, or what people can be given changes.
//
// It makes an assignee, never a holder: nobody is answering yet. Every node
// drains when something wakes it. An advisory lock lets one do it at a time, and
// the row lock of each ticket decides, so that two would do no harm.
package routing

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/presence"
	"github.com/escuta-sac/escuta/internal/roster"
)

const (
	// Patience is how long somebody may be away from the desk, with a browser that
	// is closed or a network that is gone, before what waits for them is given on.
	Patience = time.Minute
	// Usual is how many tickets an agent is given at once for whom nothing is set.
	Usual = 10

	// sweep is how often a node looks although nothing has woken it.
	sweep = 30 * time.Second
	// gather is how long a node waits for more to happen before it drains.
	gather = 150 * time.Millisecond
	// retry is when a node tries again after another was at it, or what failed.
	retry = time.Second
)

// Board knows who is here.
type Board interface {
	State(account int64) presence.State
	People() []presence.Person
}

// Deps are what the router stands on.
type Deps struct {
	DB     *postgres.DB
	Roster *roster.Service
	Board  Board
	Events *event.Log
	// Reached reports whether this node hears of the others' people. Alone it
	// believes nobody to be gone.
	Reached func() bool
	Poke    event.Poker
	Now     func() time.Time // PostgreSQL's
	Log     *slog.Logger
}

// Router gives tickets out. Its Run must run on every node.
type Router struct {
	deps  Deps
	woken chan struct{}
	idle  atomic.Bool // no team is pushed to, and nobody has shifts or absences

	mu      sync.Mutex
	states  map[int64]presence.State // as they were looked at last
	left    map[int64]time.Time      // who was here and is not, since when
	unknown time.Time                // until when nothing is known of who is gone
}

// New makes a router. Until Patience is over it takes nobody for gone.
func New(d Deps) *Router {
	return &Router{deps: d, woken: make(chan struct{}, 1), left: map[int64]time.Time{}, unknown: d.Now()}
}

// Wake has the router look again, soon.
func (r *Router) Wake() {
	select {
	case r.woken <- struct{}{}:
	default:
	}
}

// LookAgain takes in that people came, went, or are here in another way. On
// which ticket they are changes more often, and nothing here.
func (r *Router) LookAgain(c presence.Change) {
	if r.idle.Load() {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, account := range c.Accounts {
		if r.states[account] != r.deps.Board.State(account) {
			r.Wake()
			return
		}
	}
}

// attend brings what is known of who is here to the board, and returns how
// everybody is and who is gone.
func (r *Router) attend() (states map[int64]presence.State, gone func(account int64) bool, next time.Time) {
	states = map[int64]presence.State{}
	for _, p := range r.deps.Board.People() {
		states[p.Account] = p.State
	}
	now := r.deps.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.deps.Reached() {
		r.unknown = now
	}
	for account := range r.states {
		if states[account] == "" {
			r.left[account] = now
		}
	}
	for account := range states {
		delete(r.left, account)
	}
	r.states = states
	since := map[int64]time.Time{}
	for account, at := range r.left {
		if at.Before(r.unknown) {
			at = r.unknown
		}
		since[account] = at
		if at = at.Add(Patience); at.After(now) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	unknown := r.unknown
	if at := unknown.Add(Patience); at.After(now) && (next.IsZero() || at.Before(next)) {
		next = at
	}
	return states, func(account int64) bool {
		at, known := since[account]
		if !known {
			at = unknown
		}
		return states[account] == "" && now.Sub(at) >= Patience
	}, next
}

// Run drains whenever there is reason to, until ctx ends.
func (r *Router) Run(ctx context.Context) error {
	var listening sync.WaitGroup
	listening.Go(func() { r.listen(ctx) })
	defer listening.Wait()
	for {
		next := r.drain(ctx)
		wait := min(max(next.Sub(r.deps.Now()), gather), sweep)
		if next.IsZero() {
			wait = sweep
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
			continue
		case <-r.woken:
		case <-r.deps.Roster.Changed():
		}
		timer.Stop()
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(gather):
		}
	}
}

// waking are the events after which somebody may have room, or a ticket may wait.
var waking = map[string]bool{
	event.TicketOpened: true, event.TicketMessageIn: true, event.TicketReplied: true, event.TicketUndone: true,
	event.TicketReleased: true, event.TicketLeaseExpired: true, event.TicketChanged: true, event.TicketStatus: true,
	event.TicketReopened: true, event.TicketCall: true, event.TicketCallBack: true, event.TicketMerged: true,
	event.TicketTransferred: true, event.TicketSkipped: true, event.TicketEscalated: true,
}

// listen wakes the router by what happens to tickets.
func (r *Router) listen(ctx context.Context) {
	for ctx.Err() == nil {
		from, err := r.deps.Events.Head(ctx)
		if err == nil {
			err = r.deps.Events.Follow(ctx, from, func(events []event.Event) error {
				for _, e := range events {
					if waking[e.Kind] && !e.Audience.Walled && !r.idle.Load() {
						r.Wake()
						break
					}
				}
				return nil
			})
		}
		if err != nil && ctx.Err() == nil {
			r.deps.Log.DebugContext(ctx, "what happens is listened to again", slog.Any("error", err))
		}
		r.Wake() // whatever was missed is seen by looking
		select {
		case <-ctx.Done():
		case <-time.After(retry):
		}
	}
}
