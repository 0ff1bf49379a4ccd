package desk_test

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/assign"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/jobs"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// life is a ticket as simply as it can be said. nobody is 0.
type life struct {
	status           ticket.Status
	assignee, holder int64
	alive            bool // the holder's lease
	fence            int64
	version, public  int
	in, out, notes   int
	given            map[int64][]int64 // the fences that each was ever given
}

// node is one server's services. They share nothing but the engines.
type node struct {
	claims *assign.Service
	desk   *desk.Service
}

// world is three servers, some people, some tickets, and what the tickets should
// be. One of the servers can be made to stand still.
type world struct {
	o      office
	nodes  []node
	frozen node
	gate   *gate
	still  bool // the next call is the frozen one's
	pauses int  // calls in the middle of which it stood still
	redis  *redistest.Engine
	rdb    redis.UniversalClient
	people []access.Actor
	lives  map[int64]*life
	doubts *doubts
	began  time.Time
	t      *testing.T
}

// What the servers make of a ticket, by whatever people do in whatever order, with
// Redis flushed and lost and with calls of a node that stands still while others go
// on, is what a few lines say of it: every call succeeds or is refused as they
// have it, and the row, its messages and its events are theirs (I2, I3, I8).
func TestATicketLivesAsTheModelSays(t *testing.T) {
	t.Parallel()
	w := world{o: newOffice(t), redis: redistest.Start(t), t: t}
	w.rdb, w.doubts = w.redis.Client(), &doubts{Handler: slog.DiscardHandler}
	w.people = []access.Actor{w.o.ana, w.o.bruno, w.o.sup}
	quiet := slog.New(w.doubts)
	w.gate = &gate{now: w.o.now}
	serve := func(now func() time.Time) node {
		claims := assign.New(w.o.db, w.redis.Client(), w.o.pokes, now, quiet)
		client, err := jobs.New(w.o.db, quiet)
		if err != nil {
			t.Fatal(err)
		}
		return node{claims, desk.New(w.o.db, w.o.policies, client, claims, w.o.post, w.o.pokes, now, quiet)}
	}
	w.nodes, w.frozen = []node{serve(w.o.now), serve(w.o.now)}, serve(w.gate.pass)
	rapid.Check(t, func(rt *rapid.T) {
		w.lives = map[int64]*life{}
		w.flush()
		w.began = time.Now()
		w.open(rt)
		rt.Repeat(map[string]func(*rapid.T){
			"":           w.compare,
			"open":       w.open,
			"claim":      w.claim,
			"take over":  w.takeOver,
			"release":    w.release,
			"renew":      w.renew,
			"reply":      w.reply,
			"late":       w.reply, // with a fence of long ago, as from a node that has lost the ticket
			"pause":      w.pause,
			"note":       w.note,
			"customer":   w.customer,
			"resolve":    w.resolve,
			"reopen":     w.reopen,
			"close":      w.end,
			"hand over":  w.handOver,
			"transfer":   w.transfer,
			"lease ends": w.leaseEnds,
			"flush":      func(*rapid.T) { w.flush() },
			"lose Redis": w.loseRedis,
		})
		w.told(rt)
	})
	if w.pauses == 0 {
		t.Error("no node ever stood still")
	}
}

func (w *world) open(rt *rapid.T) {
	if len(w.lives) == 3 {
		rt.Skip("enough tickets")
	}
	tk := w.o.open(w.t, ticket.Ticket{})
	fresh := tickettest.Fresh(w.t, w.o.db, tk.ID)
	w.lives[tk.ID] = &life{status: ticket.New, version: fresh.Version, public: fresh.PublicVersion, fence: fresh.Fence, in: 1, given: map[int64][]int64{}}
}

// some draws a ticket, who acts, and by which node.
func (w *world) some(rt *rapid.T) (int64, *life, access.Actor, node) {
	ids := []int64{}
	for id := range w.lives {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	id := ids[rapid.IntRange(0, len(ids)-1).Draw(rt, "ticket")]
	who := w.people[rapid.IntRange(0, len(w.people)-1).Draw(rt, "who")]
	if w.still {
		return id, w.lives[id], who, w.frozen
	}
	return id, w.lives[id], who, w.nodes[rapid.IntRange(0, 1).Draw(rt, "node")]
}

// expect compares how a call ended with how it should have.
func expect(rt *rapid.T, what string, got, want error) {
	rt.Helper()
	if !errors.Is(got, want) {
		rt.Fatalf("%s: %v instead of %v", what, got, want)
	}
}

func (l *life) heldByAnother(who int64) bool { return l.holder != 0 && l.holder != who && l.alive }

func (l *life) ended() bool { return l.status == ticket.Resolved || l.status == ticket.Closed }

func (l *life) holds(who, fence int64) {
	l.holder, l.alive, l.fence = who, true, fence
	l.given[who] = append(l.given[who], fence)
}

// compare holds the rows against the model.
func (w *world) compare(rt *rapid.T) {
	for id, l := range w.lives {
		tk := tickettest.Fresh(w.t, w.o.db, id)
		got := life{status: tk.Status, assignee: value(tk.AssigneeID), holder: value(tk.HolderID), fence: tk.Fence, version: tk.Version, public: tk.PublicVersion,
			alive: tk.LeaseUntil != nil && tk.LeaseUntil.After(time.Now())}
		want := life{status: l.status, assignee: l.assignee, holder: l.holder, fence: l.fence, version: l.version, public: l.public, alive: l.alive}
		if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			rt.Fatalf("ticket %d is %+v and should be %+v", id, got, want)
		}
	}
}

// told holds messages, notes and events against the model, and the events against
// the rows.
func (w *world) told(rt *rapid.T) {
	for id, l := range w.lives {
		in, out := w.o.count(w.t, "SELECT count(*) FROM messages WHERE ticket_id = ? AND direction = 'in'", id), w.o.count(w.t, "SELECT count(*) FROM messages WHERE ticket_id = ? AND direction = 'out'", id)
		notes := w.o.count(w.t, "SELECT count(*) FROM notes WHERE ticket_id = ?", id)
		if in != int64(l.in) || out != int64(l.out) || notes != int64(l.notes) {
			rt.Fatalf("ticket %d has %d, %d and %d messages and notes, and should have %d, %d and %d", id, in, out, notes, l.in, l.out, l.notes)
		}
		if err := tickettest.ToldWell(w.t, w.o.db, id); err != nil {
			rt.Fatal(err)
		}
	}
}

func value(id *int64) int64 {
	if id == nil {
		return 0
	}
	return *id
}
