package realtime_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/realtime"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// maxReplay is how many events somebody may be behind.
const maxReplay = 2000

// happen lets n things happen to a ticket, to which nothing else has happened
// since it was opened.
func (f *floor) happen(tk ticket.Ticket, n int) {
	f.t.Helper()
	err := f.db.Gorm.Exec(`INSERT INTO events (ticket_id, version, kind, team_id, walled, barred, payload, at)
		SELECT e.ticket_id, t.version + g, 'ticket.changed', e.team_id, e.walled, e.barred, e.payload, e.at
		FROM events e JOIN tickets t ON t.id = e.ticket_id, generate_series(1, ?) g WHERE e.ticket_id = ? AND e.version = 1 ORDER BY g`, n, tk.ID).Error
	if err == nil {
		err = f.db.Gorm.Exec("UPDATE tickets SET version = version + ? WHERE id = ?", n, tk.ID).Error
	}
	if err != nil {
		f.t.Fatal(err)
	}
	f.seq.Poke()
}

// told is how many events an agent knows to have happened, one by one or counted.
func (a *agent) told() (n int) {
	n = len(a.events())
	for _, m := range a.of("many") {
		n += m.Count
	}
	return n
}

// Whoever comes back with a position hears of everything since, of nothing twice,
// or is told to load afresh: with nothing to replay, with half of what may be
// replayed, with exactly all of it, and with one more, whose first is gone.
func TestReplayEmptyHalfFullFullAndOverwritten(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		missed int
		resync bool
	}{
		"empty":                   {0, false},
		"half full":               {maxReplay / 2, false},
		"full":                    {maxReplay, false},
		"first entry overwritten": {maxReplay + 1, true},
		"wrapped":                 {3 * maxReplay, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := open(t, realtime.Options{})
			actor := f.account(access.Agent, tickettest.DefaultTeam)
			tk := tickettest.Open(t, f.db, ticket.Ticket{})
			f.seq.Poke()
			f.until("it is told", func() bool { return f.hub.Position().Pos == 1 })
			since := f.hub.Position().String()
			f.happen(tk, tt.missed)
			f.until("all of it is told", func() bool { return f.hub.Told().Pos == int64(1+tt.missed) })
			a := f.connect(realtime.Visitor{Actor: actor, Since: since})
			f.change(tk.ID, touch) // what comes next is told too, once
			end := int64(2 + tt.missed)
			f.until("the newest is told", func() bool {
				p, err := event.ParsePosition(a.last())
				return err == nil && p.Pos == end && a.told() > 0
			})
			kinds := map[string]int{}
			for _, m := range a.all() {
				kinds[m.Kind]++
			}
			if (kinds["resync"] > 0) != tt.resync {
				t.Errorf("heard %v", kinds)
			}
			if got := a.told(); !tt.resync && got != tt.missed+1 {
				t.Errorf("told of %d events, want %d: %v", got, tt.missed+1, kinds)
			}
		})
	}
}

func TestReplayOfAnEpochThatHasEndedIsAResync(t *testing.T) {
	t.Parallel()
	f := open(t, realtime.Options{})
	actor := f.account(access.Agent, tickettest.DefaultTeam)
	tk := tickettest.Open(t, f.db, ticket.Ticket{})
	f.seq.Poke()
	f.until("it is told", func() bool { return f.hub.Position().Pos == 1 })
	since := f.hub.Position()
	if err := f.db.Gorm.Exec(`UPDATE event_head SET timeline = timeline + 1`).Error; err != nil {
		t.Fatal(err)
	}
	f.seq.Poke()
	f.until("another epoch", func() bool { p := f.hub.Position(); return p.Epoch != "" && p.Epoch != since.Epoch })
	a := f.connect(realtime.Visitor{Actor: actor, Since: since.String()})
	f.change(tk.ID, touch)
	f.until("an event of the new epoch", func() bool { return len(a.events()) == 1 })
	if len(a.of("resync")) != 1 {
		t.Errorf("heard %+v", a.all())
	}
}

// A page takes the position, loads its state and subscribes: what is published
// between the two is told, once, whenever it happened.
func TestReplayTellsWhatWasPublishedBetweenSnapshotAndSubscribe(t *testing.T) {
	t.Parallel()
	f := open(t, realtime.Options{})
	actor := f.account(access.Agent, tickettest.DefaultTeam)
	tk := tickettest.Open(t, f.db, ticket.Ticket{})
	f.seq.Poke()
	f.until("it is told", func() bool { return f.hub.Position().Pos == 1 })
	for round := range 20 {
		at := f.hub.Position()
		read := tickettest.Fresh(t, f.db, tk.ID) // the snapshot
		var changing sync.WaitGroup
		changing.Go(func() { // while the socket connects, before or after
			if _, err := f.tryChange(tk.ID, touch); err != nil {
				t.Error(err)
			}
		})
		a := f.connect(realtime.Visitor{Actor: actor, Since: at.String()})
		f.until("what came between", func() bool { return len(a.events()) >= 1 })
		got := a.events()
		if len(got) != 1 || got[0].Version != read.Version+1 || len(a.of("resync")) != 0 {
			t.Fatalf("round %d, read version %d: %+v", round, read.Version, got)
		}
		f.until("the hub has it", func() bool { return f.hub.Position().Pos > at.Pos })
		_ = a.conn.Close()
		changing.Wait()
	}
}

// Attack 77 across nodes: a position that one node gave is continued by another
// without a gap, also when that one has yet to hear of it; one that none gave, or
// of another installation, is a resync.
func TestAttack77AcrossNodesAPositionIsContinuedAnywhere(t *testing.T) {
	t.Parallel()
	a, b := twoNodes(t)
	actor := a.account(access.Agent, tickettest.DefaultTeam)
	tk := tickettest.Open(t, a.db, ticket.Ticket{})
	a.seq.Poke()
	here := a.connect(realtime.Visitor{Actor: actor, Since: a.hub.Position().Epoch + ".0"})
	a.until("the opening", func() bool { return len(here.events()) == 1 })
	since := here.last()
	_ = here.conn.Close()
	for range 5 {
		a.change(tk.ID, touch)
	}
	there := b.connect(realtime.Visitor{Actor: actor, Since: since})
	a.until("what was missed", func() bool { return len(there.events()) == 5 })
	for i, m := range there.events() {
		if m.Version != i+2 {
			t.Errorf("event %d has version %d", i, m.Version)
		}
	}
	// A position is nobody's secret: whoever continues it hears what they may see.
	far := a.team("Longe")
	stranger := b.connect(realtime.Visitor{Actor: a.account(access.Agent, far), Since: since})
	theirs := tickettest.Open(t, a.db, ticket.Ticket{TeamID: far})
	a.seq.Poke()
	a.until("the stranger's own", func() bool { return len(stranger.events()) > 0 })
	if heard := stranger.events(); len(heard) != 1 || heard[0].TicketID != theirs.ID {
		t.Errorf("a stranger continues and hears %+v", heard)
	}
	ahead, err := event.ParsePosition(there.last())
	if err != nil {
		t.Fatal(err)
	}
	for _, since := range []string{fmt.Sprintf("%s.%d", ahead.Epoch, ahead.Pos+1000), "elsewhere.1", ahead.Epoch + ".-1"} {
		for name, f := range map[string]*floor{"the first": a, "the second": b} {
			if lost := f.connect(realtime.Visitor{Actor: actor, Since: since}); len(lost.of("resync")) != 1 || len(lost.events()) != 0 {
				t.Errorf("%s node continues %s: %+v", name, since, lost.all())
			}
		}
	}
}

// A node's memory may end before what the node has told: it loads its state from
// PostgreSQL, while what fills the memory comes by the stream. Who comes back just
// then is told what lies between, too.
func TestReplayIsWholeWhereMemoryEndsBeforeWhatWasTold(t *testing.T) {
	t.Parallel()
	const happened, reached = 1000, 400
	db, here, there := pgtest.New(t), redistest.New(t), redistest.New(t)
	elsewhere := openBeside(t, db, there, realtime.Options{}) // numbers all, and tells a Redis that the other does not read
	actor := elsewhere.account(access.Agent, tickettest.DefaultTeam)
	behind := prepare(t, db, here, realtime.Options{})
	since := elsewhere.hub.Position()
	tk := tickettest.Open(t, db, ticket.Ticket{})
	elsewhere.seq.Poke()
	var inMemory atomic.Int64
	behind.run("a follower of the memory", func(ctx context.Context) error {
		return behind.log.Follow(ctx, since, func(events []event.Event) error {
			inMemory.Store(events[len(events)-1].Pos)
			return nil
		})
	})
	// The first may come from PostgreSQL; whoever has heard of one hears of the next
	// ones by the memory.
	for _, pos := range []int64{1, reached} {
		elsewhere.until("a part is numbered", func() bool { return elsewhere.hub.Position().Pos == pos })
		entries, err := there.XRange(t.Context(), "live:{"+since.Epoch+"}", fmt.Sprint(inMemory.Load()+1), "+").Result()
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if err := here.XAdd(t.Context(), &redis.XAddArgs{Stream: "live:{" + since.Epoch + "}", ID: e.ID, Values: e.Values}).Err(); err != nil {
				t.Fatal(err)
			}
		}
		behind.until("a part is in memory", func() bool { return inMemory.Load() >= pos })
		if pos == 1 {
			elsewhere.happen(tk, reached-1)
		}
	}
	elsewhere.happen(tk, happened-reached)
	elsewhere.until("all of it is numbered", func() bool { return elsewhere.hub.Position().Pos == happened })
	behind.begin()
	a := behind.connect(realtime.Visitor{Actor: actor, Since: since.String()})
	behind.until("all of it is told", func() bool { return a.told() == happened })
	if len(a.of("resync")) != 0 {
		t.Error("it had to load anew")
	}
}
