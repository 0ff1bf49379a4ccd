package realtime_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/realtime"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

func TestAChangeReachesExactlyThoseWhoMaySeeIt(t *testing.T) {
	t.Parallel()
	f := open(t, realtime.Options{})
	other := f.team("Cobrança")
	insider := f.connect(realtime.Visitor{Actor: f.account(access.Agent, tickettest.DefaultTeam)})
	outsider := f.connect(realtime.Visitor{Actor: f.account(access.Agent, other)})
	admin := f.connect(realtime.Visitor{Actor: f.account(access.Admin)})
	ombudsman := f.connect(realtime.Visitor{Actor: f.account(access.Ombudsman)})

	plain := tickettest.Open(t, f.db, ticket.Ticket{Subject: "à vista"})
	walled := tickettest.Open(t, f.db, ticket.Ticket{Subject: "atrás do muro", Walled: true})
	f.seq.Poke()
	f.until("both", func() bool { return len(ombudsman.events()) == 2 })
	f.until("one", func() bool { return len(insider.events()) == 1 && len(admin.events()) == 1 })
	got := insider.events()[0]
	if got.Kind != event.TicketOpened || got.TicketID != plain.ID || got.Version != 1 || got.Row == nil || got.Row.Subject != "à vista" {
		t.Errorf("heard %s", got.raw)
	}
	// What comes last proves that nothing came before it.
	f.change(plain.ID, touch)
	f.change(walled.ID, touch)
	last := tickettest.Open(t, f.db, ticket.Ticket{TeamID: other})
	f.seq.Poke()
	f.until("the last", func() bool { return len(outsider.events()) == 1 && len(admin.events()) == 3 })
	if e := outsider.events()[0]; e.TicketID != last.ID {
		t.Errorf("the other team heard %s", e.raw)
	}
	for name, a := range map[string]*agent{"insider": insider, "outsider": outsider, "admin": admin} {
		for _, m := range a.all() {
			if m.TicketID == walled.ID || strings.Contains(m.raw, "muro") || m.Kind == "counts" && m.Counts.All > 2 {
				t.Errorf("%s heard of what is behind the wall: %s", name, m.raw)
			}
		}
	}
}

func TestWhoeverLosesSightOfATicketHearsOnlyThatItIsGone(t *testing.T) {
	t.Parallel()
	f := open(t, realtime.Options{})
	other := f.team("Cobrança")
	before := f.connect(realtime.Visitor{Actor: f.account(access.Agent, tickettest.DefaultTeam)})
	after := f.connect(realtime.Visitor{Actor: f.account(access.Agent, other)})
	tk := tickettest.Open(t, f.db, ticket.Ticket{Subject: "segredo"})
	f.seq.Poke()
	f.until("it opens", func() bool { return len(before.events()) == 1 })
	f.change(tk.ID, func(t *ticket.Ticket) { t.TeamID = other })
	f.until("it moves", func() bool { return len(before.events()) == 2 && len(after.events()) == 1 })
	gone := before.events()[1]
	want := fmt.Sprintf(`{"id":"%s","kind":"gone","ticket_id":%d}`, gone.ID, tk.ID)
	if gone.raw != want {
		t.Errorf("heard %s, want %s", gone.raw, want)
	}
	if e := after.events()[0]; e.Kind != event.TicketChanged || e.Row == nil || e.Row.Version != 2 {
		t.Errorf("the new team heard %s", e.raw)
	}
	f.until("the counters follow", func() bool {
		was, is := before.of("counts"), after.of("counts")
		return was[len(was)-1].Counts.All == 0 && is[len(is)-1].Counts.All == 1
	})
}

func TestTheFirstFrameLeavesAtOnceAndTheNextGathers(t *testing.T) {
	t.Parallel()
	f := open(t, realtime.Options{})
	tk := tickettest.Open(t, f.db, ticket.Ticket{})
	a := f.connect(realtime.Visitor{Actor: f.account(access.Agent, tickettest.DefaultTeam)})
	for range 60 {
		f.change(tk.ID, touch)
	}
	f.until("all of them", func() bool { n := len(a.events()); return n > 0 && a.events()[n-1].Version == 61 })
	var times []time.Time
	for i, m := range a.all() {
		if i == 0 || m.frame != a.all()[i-1].frame {
			times = append(times, m.at)
		}
	}
	for i := 2; i < len(times); i++ {
		// A frame may be held up on its way, and the next follow it closely.
		if gap := times[i].Sub(times[i-2]); gap < 150*time.Millisecond {
			t.Errorf("frames %d to %d came within %v", i-2, i, gap)
		}
	}
	versions(t, a.events())
}

// versions checks that each ticket's versions came in order, without holes.
func versions(t *testing.T, events []message) {
	t.Helper()
	last := map[int64]int{}
	for _, e := range events {
		if before, known := last[e.TicketID]; known && e.Version != before+1 {
			t.Errorf("ticket %d: version %d after %d", e.TicketID, e.Version, before)
		}
		last[e.TicketID] = e.Version
	}
}

func TestManyTicketsAtOnceAreCountedNotTold(t *testing.T) {
	t.Parallel()
	f := open(t, realtime.Options{})
	a := f.connect(realtime.Visitor{Actor: f.account(access.Agent, tickettest.DefaultTeam)})
	err := f.db.InTx(t.Context(), func(tx *gorm.DB) error {
		for i := range 500 {
			err := event.Append(tx, event.New{TicketID: int64(1000 + i), Version: 1, Kind: event.TicketOpened,
				Audience: access.Audience{Team: tickettest.DefaultTeam},
				Payload:  ticket.Payload{Row: ticket.Ticket{ID: int64(1000 + i), Status: ticket.New, TeamID: tickettest.DefaultTeam}.Snapshot()}})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	f.seq.Poke()
	f.until("all of them", func() bool {
		told := len(a.events())
		for _, m := range a.of("many") {
			told += m.Count
		}
		return told == 500
	})
	if len(a.of("many")) == 0 {
		t.Error("500 tickets were told one by one")
	}
	f.until("the counters", func() bool { c := a.of("counts"); return c[len(c)-1].Counts.All == 500 })
	// Positions go on: whoever comes back with the last one has missed nothing.
	if p, err := event.ParsePosition(a.last()); err != nil || p != f.hub.Position() {
		t.Errorf("the last position told is %q, the hub's is %v", a.last(), f.hub.Position())
	}
}

func TestComingBackContinuesWithoutGapOrRepetition(t *testing.T) {
	t.Parallel()
	f := open(t, realtime.Options{PerAccount: -1})
	actor := f.account(access.Agent, tickettest.DefaultTeam)
	tickets := make([]int64, 3)
	for i := range tickets {
		tickets[i] = tickettest.Open(t, f.db, ticket.Ticket{}).ID
	}
	f.seq.Poke()
	f.until("all are told", func() bool { return f.hub.Position().Pos == int64(len(tickets)) })
	since := f.hub.Position().String()

	stop := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		pace := time.NewTicker(3 * time.Millisecond) // fewer than become "many"
		defer pace.Stop()
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-pace.C:
				f.change(tickets[i%len(tickets)], touch)
			}
		}
	})
	var told []message
	for round := range 25 {
		a := f.connect(realtime.Visitor{Actor: actor, Since: since})
		f.until("some news", func() bool { return len(a.events()) > round%7 })
		_ = a.conn.Close()
		told = append(told, a.events()...)
		since = told[len(told)-1].ID
		if len(a.of("resync")) > 0 || len(a.of("many")) > 0 {
			t.Fatalf("round %d could not be continued: %+v", round, a.all())
		}
	}
	close(stop)
	writer.Wait()
	a := f.connect(realtime.Visitor{Actor: actor, Since: since})
	f.until("the rest", func() bool { return a.last() == f.hub.Position().String() })
	told = append(told, a.events()...)
	first, err := event.ParsePosition(told[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range told {
		if p, err := event.ParsePosition(m.ID); err != nil || p.Pos != first.Pos+int64(i) {
			t.Fatalf("item %d has position %s, the first had %d", i, m.ID, first.Pos)
		}
	}
	if first.Pos != int64(len(tickets))+1 {
		t.Errorf("the first position told was %d", first.Pos)
	}
	versions(t, told)
}

// Attack 77: positions that were never given, are too old, or of another history.
func TestAttack77SinceThatCannotBeContinued(t *testing.T) {
	t.Parallel()
	f := open(t, realtime.Options{})
	actor := f.account(access.Agent, tickettest.DefaultTeam)
	tk := tickettest.Open(t, f.db, ticket.Ticket{})
	f.seq.Poke()
	f.until("it is told", func() bool { return f.hub.Position().Pos == 1 })
	epoch := f.hub.Position().Epoch
	for _, since := range []string{"0.0", epoch + ".2", epoch + ".999999999999", epoch + ".-1", "x", ".", epoch, "';--", strings.Repeat("9", 5000)} {
		a := f.connect(realtime.Visitor{Actor: actor, Since: since})
		if len(a.of("hello")) != 1 || len(a.of("resync")) != 1 || len(a.events()) != 0 {
			t.Errorf("since %.40q: %+v", since, a.all())
		}
	}
	// Somebody else's position tells no more than one's own: the audience decides.
	stranger := f.connect(realtime.Visitor{Actor: f.account(access.Agent, f.team("Outra")), Since: epoch + ".0"})
	friend := f.connect(realtime.Visitor{Actor: actor, Since: epoch + ".0"})
	f.until("the missed one", func() bool { return len(friend.events()) == 1 })
	f.change(tk.ID, touch)
	f.until("the next one", func() bool { return len(friend.events()) == 2 })
	if len(stranger.events()) != 0 {
		t.Errorf("a stranger heard %+v", stranger.events())
	}
}

func TestANewEpochIsAResyncForEverybody(t *testing.T) {
	t.Parallel()
	f := open(t, realtime.Options{})
	a := f.connect(realtime.Visitor{Actor: f.account(access.Agent, tickettest.DefaultTeam)})
	old := f.hub.Position().Epoch
	if err := f.db.Gorm.Exec(`UPDATE event_head SET timeline = timeline + 1`).Error; err != nil {
		t.Fatal(err)
	}
	f.seq.Poke()
	f.until("a resync", func() bool { return len(a.of("resync")) == 1 })
	if p, err := event.ParsePosition(a.of("resync")[0].ID); err != nil || p.Epoch == old {
		t.Errorf("the resync names %v, %v", p, err)
	}
	tk := tickettest.Open(t, f.db, ticket.Ticket{})
	f.seq.Poke()
	f.until("events of the new epoch", func() bool { return len(a.events()) == 1 && a.events()[0].TicketID == tk.ID })
}

func TestStoppingSaysRestartAndWaitsForEverybody(t *testing.T) {
	t.Parallel()
	f := open(t, realtime.Options{})
	var all []*agent
	for range 20 {
		all = append(all, f.connect(realtime.Visitor{Actor: f.account(access.Admin)}))
	}
	f.stopHub()
	for _, a := range all {
		f.until("the close", func() bool { return a.code() != 0 })
		if code := a.code(); code != realtime.CloseRestart {
			t.Errorf("closed with %d", code)
		}
	}
	late := f.connect(realtime.Visitor{Actor: f.account(access.Admin)})
	f.until("the refusal", func() bool { return late.code() == realtime.CloseRestart })
}

func TestPingIsAnswered(t *testing.T) {
	t.Parallel()
	f := open(t, realtime.Options{})
	a := f.connect(realtime.Visitor{Actor: f.account(access.Admin)})
	for _, text := range []string{`{"type":"ping"}`, `{"type":"something new"}`, `nonsense`, `[]`, ``} {
		if err := a.conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	f.until("a pong", func() bool { return len(a.of("pong")) == 1 })
	if code := a.code(); code != 0 {
		t.Errorf("closed with %d", code)
	}
}
