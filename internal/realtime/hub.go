package realtime

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/postgres"
)

// Hub tells this node's connections of events and counts.
type Hub struct {
	events     *event.Log
	db         *postgres.DB
	log        *slog.Logger
	opts       Options
	projection *projection
	metrics    metrics
	writers    *writers
	buffers    sync.Pool // of *[]byte, for frames
	replays    chan struct{}
	board      Board

	mu      sync.Mutex // taken before a client's
	ready   bool       // the projection is loaded and Run at work
	at      event.Position
	groups  map[string]*group
	own     map[int64]map[*client]struct{} // an account's
	ips     map[string]int
	clients map[*client]struct{}
	viewers map[int64]map[*client]struct{} // by the tickets that they have before them, open or as a row
	stirred uint64                         // rises with each change of how somebody is here
	joined  int
	empty   *sync.Cond // clients has become empty
}

// New makes a hub that reads events and, to begin with, the tickets in db.
func New(db *postgres.DB, events *event.Log, log *slog.Logger, o Options) *Hub {
	o = o.withDefaults()
	h := &Hub{
		events: events, db: db, log: log, opts: o, projection: newProjection(o.Zone, o.Now, o.Views), metrics: newMetrics(),
		writers: newWriters(), replays: make(chan struct{}, 4),
		groups: map[string]*group{}, own: map[int64]map[*client]struct{}{}, stirred: 1, ips: map[string]int{}, clients: map[*client]struct{}{}, viewers: map[int64]map[*client]struct{}{},
	}
	h.empty = sync.NewCond(&h.mu)
	return h
}

// Collectors are the hub's metrics.
func (h *Hub) Collectors() []prometheus.Collector { return h.metrics.collectors() }

// Counts gives the actor's counters, and the position they belong to: whoever
// shows them follows from there. The epoch is empty until Run has loaded them.
func (h *Hub) Counts(a access.Actor) (Counts, event.Position) { return h.projection.counts(a) }

// SavedCounts gives all of the actor's counters, those of their saved views too,
// as of one position.
func (h *Hub) SavedCounts(a access.Actor) (Counts, []SavedCount, event.Position) {
	g := group{projection: h.projection}
	return g.countsFor(a)
}

// Position is the newest position this node has told. What is read from
// PostgreSQL after asking is at least as new.
func (h *Hub) Position() event.Position { return h.projection.position() }

// Run follows the events until ctx ends, then closes every connection and waits
// for them to be gone.
func (h *Hub) Run(ctx context.Context) error {
	var rounds sync.WaitGroup
	rounds.Go(func() { h.keepTime(ctx) })
	rounds.Go(func() { h.askAgain(ctx) })
	defer rounds.Wait()
	allGone := make(chan struct{})
	rounds.Go(func() { h.writers.run(allGone) })
	defer close(allGone)
	defer h.closeAll()
	for ctx.Err() == nil {
		at, err := h.load(ctx)
		if err == nil {
			err = h.events.Follow(ctx, at, func(events []event.Event) error { return h.take(at.Epoch, events) })
		}
		if err == nil || ctx.Err() != nil {
			return nil
		}
		if !errors.Is(err, event.ErrResync) {
			h.log.WarnContext(ctx, "the live view starts again", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
	return nil
}

// load counts the open tickets anew and has everybody who is connected load
// their state again too.
func (h *Hub) load(ctx context.Context) (event.Position, error) {
	at, err := h.events.Head(ctx)
	if err != nil {
		return at, err
	}
	if err := h.projection.load(ctx, h.db, at); err != nil {
		return at, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ready, h.at = true, at
	for c := range h.clients {
		c.resync(at)
	}
	return at, nil
}

// take counts a batch of events in and passes it on.
func (h *Hub) take(epoch string, events []event.Event) error {
	if err := h.projection.apply(epoch, events); err != nil {
		return err
	}
	b := newBatch(epoch, events)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at.Pos = events[len(events)-1].Pos
	for _, g := range h.groups {
		p := b.forWhom(g.sight.MaySee)
		if len(p.items) == 0 {
			continue
		}
		for c := range g.clients {
			c.push(p)
		}
	}
	h.asked(events)
	return nil
}

// Phone tells accounts of a call at their telephones: which line's, and under
// which id its exchange knows it. Whoever is not connected is not told.
func (h *Hub) Phone(accounts []int64, line int64, call string) {
	item, err := json.Marshal(struct {
		Kind string `json:"kind"`
		Line int64  `json:"line"`
		Call string `json:"call"`
	}{"phone", line, call})
	if err != nil {
		return // a text and a number always have a form
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range accounts {
		for c := range h.own[id] {
			c.tell(item)
		}
	}
}

// keepTime pings the silent, ends the day and sends counters that have changed.
func (h *Hub) keepTime(ctx context.Context) {
	tick := time.NewTicker(countsGap / 2)
	defer tick.Stop()
	var seen uint64
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := time.Now()
		h.projection.turnDay()
		h.projection.turnMinute()
		changes := h.projection.state()
		// Twice after a change: those who got counters just before it are due the second time.
		recount := changes != seen || n%2 == 1
		seen = changes
		if n%2 == 0 {
			h.tellPeople(now)
		}
		for _, c := range h.everybody() {
			c.rowsDue(now)
			if n%2 == 0 && c.slot == n/2%pingEvery {
				c.pingSoon()
			}
			if recount {
				c.countsChanged(now)
			}
		}
	}
}

// askAgain finds out, every two seconds, whether those who are connected still
// may be, and as whom.
func (h *Hub) askAgain(ctx context.Context) {
	tick := time.NewTicker(askEvery * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		all := h.everybody()
		if len(all) > 0 { // else there is nobody to count for
			h.readViews(ctx)
		}
		for _, c := range all {
			if ctx.Err() != nil {
				return
			}
			h.ask(ctx, c)
		}
	}
}

// readViews hears of saved views that were changed, here or on another node.
func (h *Hub) readViews(ctx context.Context) {
	if h.opts.Views == nil {
		return
	}
	changed, err := h.opts.Views.Refresh(ctx)
	if err != nil {
		h.log.DebugContext(ctx, "saved views are read later", slog.Any("error", err))
	}
	if changed {
		h.projection.touch()
	}
}

func (h *Hub) ask(ctx context.Context, c *client) {
	if c.visitor.Still == nil {
		return
	}
	a, err := c.visitor.Still(ctx)
	switch f := fault.From(err); {
	case err == nil:
		h.become(c, a)
	case f.Kind == fault.Unauthorized || f.Kind == fault.Forbidden || f.Kind == fault.NotFound:
		c.end(CloseRevoked)
	default:
		// PostgreSQL is away: nobody can be shut out now either.
		h.log.DebugContext(ctx, "could not ask whether a connection may go on", slog.Any("error", err))
	}
}

// become moves a connection to another group when its actor sees something else
// now. What it has been told may be too much or too little: it loads anew.
func (h *Hub) become(c *client, a access.Actor) {
	h.mu.Lock()
	if _, here := h.clients[c]; !here || keyOf(a) == keyOf(c.actor) {
		h.mu.Unlock()
		return
	}
	h.leaveGroup(c)
	c.become(a, h.enterGroup(c, a))
	c.resync(h.at)
	here := c.here
	h.mu.Unlock()
	if here.Ticket != 0 {
		h.place(c, heard{State: here.State, Ticket: here.Ticket, Doing: here.Doing})
	}
}

func (h *Hub) everybody() []*client {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make([]*client, 0, len(h.clients))
	for c := range h.clients {
		all = append(all, c)
	}
	return all
}

func (h *Hub) closeAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ready = false
	for c := range h.clients {
		c.end(CloseRestart)
	}
	for len(h.clients) > 0 {
		h.empty.Wait()
	}
}

// join lets a connection in and begins to hold back for it what happens from now
// on; or says with which code it is turned away.
func (h *Hub) join(c *client) (at event.Position, code int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	account, ip := c.visitor.Actor.AccountID, c.visitor.IP
	full := func(n, most int) bool { return most >= 0 && n >= most }
	switch {
	case !h.ready:
		return at, CloseRestart
	case full(len(h.clients), h.opts.Total), full(len(h.own[account]), h.opts.PerAccount), full(h.ips[ip], h.opts.PerIP):
		return at, CloseTooMany
	}
	h.clients[c] = struct{}{}
	if h.own[account] == nil {
		h.own[account] = map[*client]struct{}{}
	}
	h.own[account][c] = struct{}{}
	h.ips[ip]++
	h.joined++
	c.slot, c.name = h.joined%pingEvery, strconv.Itoa(h.joined)
	c.group = h.enterGroup(c, c.actor)
	h.metrics.connections.Inc()
	return h.at, 0
}

func (h *Hub) enterGroup(c *client, a access.Actor) *group {
	key := keyOf(a)
	g := h.groups[key]
	if g == nil {
		g = &group{sight: a, projection: h.projection, clients: map[*client]struct{}{}}
		h.groups[key] = g
	}
	g.clients[c] = struct{}{}
	return g
}

func (h *Hub) leaveGroup(c *client) {
	delete(c.group.clients, c)
	if len(c.group.clients) == 0 {
		delete(h.groups, keyOf(c.group.sight))
	}
}

func (h *Hub) leave(c *client) {
	if h.board != nil {
		defer h.board.Leave(c.name) // without the lock: it leads to LookAgain
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.leaveGroup(c)
	h.unview(c, c.here.Ticket)
	for id := range c.w.rows {
		h.unview(c, id)
	}
	delete(h.clients, c)
	account := c.visitor.Actor.AccountID
	if delete(h.own[account], c); len(h.own[account]) == 0 {
		delete(h.own, account)
	}
	drop(h.ips, c.visitor.IP)
	h.metrics.connections.Dec()
	if len(h.clients) == 0 {
		h.empty.Broadcast()
	}
}

func drop[K comparable](counts map[K]int, key K) {
	if counts[key]--; counts[key] <= 0 {
		delete(counts, key)
	}
}
