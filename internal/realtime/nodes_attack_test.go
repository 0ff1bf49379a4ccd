package realtime_test

import (
	"bytes"
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/realtime"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// twoNodes are two servers on one database and one Redis.
func twoNodes(t *testing.T) (a, b *floor) {
	t.Helper()
	db, rdb := pgtest.New(t), redistest.New(t)
	return openBeside(t, db, rdb, realtime.Options{}), openBeside(t, db, rdb, realtime.Options{})
}

// Attack 53 across nodes: what one may not see is not counted by another node
// either, nor told, whichever node it happens at.
func TestAttack53AcrossNodesHiddenTicketsAreNotEvenCounted(t *testing.T) {
	t.Parallel()
	a, b := twoNodes(t)
	actor := b.account(access.Supervisor, tickettest.DefaultTeam)
	admin := b.account(access.Admin)
	there, boss := b.connect(realtime.Visitor{Actor: actor}), b.connect(realtime.Visitor{Actor: admin})
	tickettest.Open(t, a.db, ticket.Ticket{Walled: true, Channel: "ombudsman"})
	far := tickettest.Open(t, a.db, ticket.Ticket{TeamID: a.team("Longe")})
	seen := tickettest.Open(t, a.db, ticket.Ticket{})
	a.seq.Poke()
	a.until("what one may see", func() bool { return len(there.events()) == 1 && len(boss.events()) == 2 })
	if there.events()[0].TicketID != seen.ID || boss.events()[0].TicketID != far.ID {
		t.Errorf("heard %+v", there.events())
	}
	for _, f := range []*floor{a, b} {
		f.until("the counters of both nodes", func() bool {
			mine, _ := f.hub.Counts(actor)
			all, _ := f.hub.Counts(admin)
			return mine.All == 1 && mine.Unassigned == 1 && all.All == 2
		})
	}
}

// Attack 54 across nodes: who is put out of the house hears nothing more at any
// node of what happens at another, within 5 s.
func TestAttack54AcrossNodesRevocationHoldsOnEveryNode(t *testing.T) {
	t.Parallel()
	a, b := twoNodes(t)
	actor := a.account(access.Agent, tickettest.DefaultTeam)
	var revoked atomic.Bool
	still := func(context.Context) (access.Actor, error) {
		if revoked.Load() {
			return access.Actor{}, errSession
		}
		return actor, nil
	}
	agents := []*agent{a.connect(realtime.Visitor{Actor: actor, Still: still}), b.connect(realtime.Visitor{Actor: actor, Still: still})}
	tk := tickettest.Open(t, a.db, ticket.Ticket{})
	a.seq.Poke()
	for _, who := range agents {
		a.until("an event at both", func() bool { return len(who.events()) == 1 })
	}
	revoked.Store(true)
	began := time.Now()
	for _, who := range agents {
		a.until("the close", func() bool { a.change(tk.ID, touch); return who.code() != 0 })
		if code, took := who.code(), time.Since(began); code != realtime.CloseRevoked || took > 5*time.Second {
			t.Errorf("closed with %d after %v", code, took)
		}
	}
}

// Attack 54 across nodes: who is taken out of a team hears nothing more of its
// tickets, and who names the tickets of others is told nothing of who is on them,
// whichever node it happens at.
func TestAttack54AcrossNodesWhatIsOthersIsSilent(t *testing.T) {
	t.Parallel()
	a, b := twoNodes(t)
	other := a.team("Cobrança")
	ana := a.named("Ana", access.Agent, tickettest.DefaultTeam)
	var now atomic.Pointer[access.Actor]
	now.Store(&ana)
	there := b.connect(realtime.Visitor{Actor: ana, Still: func(context.Context) (access.Actor, error) { return *now.Load(), nil }})
	boss := b.connect(realtime.Visitor{Actor: b.named("Chefe", access.Admin)})
	bia := a.connect(realtime.Visitor{Actor: a.named("Bia", access.Agent, other)})
	former, latter := tickettest.Open(t, a.db, ticket.Ticket{}), tickettest.Open(t, a.db, ticket.Ticket{TeamID: other})
	hidden := tickettest.Open(t, a.db, ticket.Ticket{Walled: true})
	olga := a.connect(realtime.Visitor{Actor: a.named("Olga", access.Ombudsman)})
	a.seq.Poke()
	a.until("the ticket of her team", func() bool { return len(there.events()) == 1 })
	there.watches(former.ID, latter.ID, hidden.ID)
	boss.watches(former.ID, latter.ID, hidden.ID)
	bia.says("online", latter.ID, "typing")
	olga.says("online", hidden.ID, "typing")
	b.until("who may see it is told", func() bool { return boss.company(latter.ID) == "Bia typing" })
	if there.company(latter.ID) != "nothing" || there.company(hidden.ID) != "nothing" || boss.company(hidden.ID) != "nothing" {
		t.Errorf("told of another team: %q, of a case: %q and %q", there.company(latter.ID), there.company(hidden.ID), boss.company(hidden.ID))
	}
	moved := ana
	moved.Teams = []int64{other}
	now.Store(&moved)
	b.until("a resync", func() bool { return len(there.of("resync")) == 1 })
	before := len(there.of("ticket.changed"))
	a.change(former.ID, touch)
	a.change(latter.ID, touch)
	b.until("the other team's ticket", func() bool { return len(there.of("ticket.changed")) > before })
	for _, m := range there.of("ticket.changed")[before:] {
		if m.TicketID != latter.ID {
			t.Errorf("heard %s", m.raw)
		}
	}
}

// Attack 76 across nodes: a flood and a message of endless fragments at one node end
// their senders' connections and cost nobody at either node an event.
func TestAttack76AcrossNodesAFloodHarmsOnlyItsSender(t *testing.T) {
	t.Parallel()
	a, b := twoNodes(t)
	actor := a.account(access.Agent, tickettest.DefaultTeam)
	here, there := a.connect(realtime.Visitor{Actor: actor}), b.connect(realtime.Visitor{Actor: actor})
	flood := a.connect(realtime.Visitor{Actor: a.account(access.Agent, tickettest.DefaultTeam)})
	for range 20_000 {
		if flood.conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"here","state":"nobody","ticket":-1}`)) != nil {
			break // the other end has closed
		}
	}
	a.until("the flood is ended", func() bool { return flood.code() != 0 })
	fragments := a.dial(realtime.Visitor{Actor: a.account(access.Agent, tickettest.DefaultTeam)})
	go func() {
		_, err := fragments.NetConn().Write(frame(false, 0, 1, nil))
		for empty := bytes.Repeat(frame(false, 0, 0, nil), 100); err == nil; {
			_, err = fragments.NetConn().Write(empty)
		}
	}()
	if code := closing(fragments); code != realtime.ClosePolicy && code != -1 {
		t.Errorf("endless fragments were closed with %d", code)
	}
	tk := tickettest.Open(t, a.db, ticket.Ticket{})
	a.seq.Poke()
	for range 10 {
		b.change(tk.ID, touch)
	}
	for _, who := range []*agent{here, there} {
		a.until("all events at both", func() bool { return who.told() == 11 })
		if who.code() != 0 || len(who.of("resync")) != 0 {
			t.Errorf("closed with %d, %d resyncs", who.code(), len(who.of("resync")))
		}
	}
}
