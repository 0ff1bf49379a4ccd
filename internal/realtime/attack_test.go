package realtime_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/realtime"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

var errSession = fault.New(fault.Unauthorized, "session")

// Attack 54: events after revocation.
func TestAttack54RevocationEndsTheConnectionWithinFiveSeconds(t *testing.T) {
	t.Parallel()
	f := open(t, realtime.Options{})
	actor := f.account(access.Agent, tickettest.DefaultTeam)
	var revoked atomic.Bool
	a := f.connect(realtime.Visitor{Actor: actor, Still: func(context.Context) (access.Actor, error) {
		if revoked.Load() {
			return access.Actor{}, errSession
		}
		return actor, nil
	}})
	tk := tickettest.Open(t, f.db, ticket.Ticket{})
	f.seq.Poke()
	f.until("an event", func() bool { return len(a.events()) == 1 })
	revoked.Store(true)
	began := time.Now()
	f.until("the close", func() bool { f.change(tk.ID, touch); return a.code() != 0 })
	if code, took := a.code(), time.Since(began); code != realtime.CloseRevoked || took > 5*time.Second {
		t.Errorf("closed with %d after %v", code, took)
	}
}

// Attack 54: events of a team one has been taken out of.
func TestAttack54AnotherTeamIsAResyncAndNothingMoreOfTheFormer(t *testing.T) {
	t.Parallel()
	f := open(t, realtime.Options{})
	other := f.team("Cobrança")
	actor := f.account(access.Agent, tickettest.DefaultTeam)
	var now atomic.Pointer[access.Actor]
	now.Store(&actor)
	a := f.connect(realtime.Visitor{Actor: actor, Still: func(context.Context) (access.Actor, error) { return *now.Load(), nil }})
	former := tickettest.Open(t, f.db, ticket.Ticket{})
	latter := tickettest.Open(t, f.db, ticket.Ticket{TeamID: other})
	f.seq.Poke()
	f.until("the former team's ticket", func() bool { return len(a.events()) == 1 })
	moved := actor
	moved.Teams = []int64{other}
	now.Store(&moved)
	f.until("a resync", func() bool { return len(a.of("resync")) == 1 })
	before := len(a.events())
	f.change(former.ID, touch)
	f.change(latter.ID, touch)
	f.until("the latter team's ticket", func() bool { return len(a.events()) > before })
	for _, m := range a.events()[before:] {
		if m.TicketID != latter.ID {
			t.Errorf("heard %s", m.raw)
		}
	}
	if counts := a.of("counts"); counts[len(counts)-1].Counts.All != 1 {
		t.Errorf("counters %+v", counts[len(counts)-1].Counts)
	}
}

func TestAnEngineThatIsAwayEndsNoConnection(t *testing.T) {
	t.Parallel()
	f := open(t, realtime.Options{})
	var asked atomic.Int32
	a := f.connect(realtime.Visitor{Actor: f.account(access.Admin), Still: func(context.Context) (access.Actor, error) {
		asked.Add(1)
		return access.Actor{}, errors.New("connection refused")
	}})
	f.until("two questions", func() bool { return asked.Load() >= 2 })
	if code := a.code(); code != 0 {
		t.Errorf("closed with %d", code)
	}
}

// Attack 76: thousands of sockets from one address, or by one account.
func TestAttack76ConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	f := open(t, realtime.Options{PerIP: 5, PerAccount: 3, Total: 7})
	one, two := f.account(access.Agent, 1), f.account(access.Agent, 1)
	codes := func(n int, v realtime.Visitor) (let, refused int, last *agent) {
		for range n {
			a := f.connect(v)
			if len(a.of("hello")) == 1 {
				let, last = let+1, a
			} else if f.until("the refusal", func() bool { return a.code() != 0 }); a.code() == realtime.CloseTooMany {
				refused++
			}
		}
		return let, refused, last
	}
	let, refused, last := codes(6, realtime.Visitor{Actor: one, IP: "192.0.2.1"})
	if let != 3 || refused != 3 {
		t.Errorf("one account: %d let in, %d refused", let, refused)
	}
	if let, refused, _ := codes(4, realtime.Visitor{Actor: two, IP: "192.0.2.1"}); let != 2 || refused != 2 {
		t.Errorf("one address: %d let in, %d refused", let, refused)
	}
	three := f.account(access.Agent, 1)
	if let, refused, _ := codes(4, realtime.Visitor{Actor: three, IP: "192.0.2.2"}); let != 2 || refused != 2 {
		t.Errorf("one node: %d let in, %d refused", let, refused)
	}
	// Whoever leaves makes room.
	_ = last.conn.Close()
	f.until("room", func() bool { let, _, _ := codes(1, realtime.Visitor{Actor: one, IP: "192.0.2.1"}); return let == 1 })
}

// Attack 76: what a browser does not send.
func TestAttack76FloodsEndTheConnection(t *testing.T) {
	t.Parallel()
	f := open(t, realtime.Options{})
	v := realtime.Visitor{Actor: f.account(access.Admin)}
	text := frame(true, 0, 1, []byte(`{}`))
	for name, attack := range map[string]struct {
		send []byte // over and over
		code int
	}{
		"1 MB message":       {frame(true, 0, 1, bytes.Repeat([]byte{'x'}, 1<<20)), 1009},
		"1 MB in fragments":  {append(frame(false, 0, 1, bytes.Repeat([]byte{'x'}, 2000)), bytes.Repeat(frame(false, 0, 0, make([]byte, 2000)), 3)...), 1009},
		"pings":              {frame(true, 0, 9, []byte("x")), 1008},
		"pongs":              {frame(true, 0, 10, nil), 1008},
		"messages":           {text, 1008},
		"binary":             {frame(true, 0, 2, []byte{1}), 1003},
		"a compressed frame": {frame(true, 0x40, 1, []byte{0xaa, 0x05, 0}), 1002},
	} {
		t.Run(name, func(t *testing.T) {
			conn := f.dial(v)
			defer conn.Close()
			raw := conn.NetConn()
			stop := make(chan struct{})
			done := make(chan struct{})
			go func() {
				defer close(done)
				for {
					select {
					case <-stop:
						return
					default:
					}
					if _, err := raw.Write(attack.send); err != nil {
						return
					}
				}
			}()
			// A flood that is still arriving may turn the close into a reset.
			if code := closing(conn); code != attack.code && code != -1 {
				t.Errorf("closed with %d, want %d", code, attack.code)
			}
			close(stop)
			_ = conn.Close()
			<-done
		})
	}
}

// Attack 76: a message that never ends, in fragments of nothing.
func TestAttack76EndlessFragmentsEndTheConnection(t *testing.T) {
	t.Parallel()
	f := open(t, realtime.Options{})
	conn := f.dial(realtime.Visitor{Actor: f.account(access.Admin)})
	raw := conn.NetConn()
	if _, err := raw.Write(frame(false, 0, 1, nil)); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	go func() {
		for empty := bytes.Repeat(frame(false, 0, 0, nil), 100); ; {
			if _, err := raw.Write(empty); err != nil {
				return
			}
		}
	}()
	if code := closing(conn); code != realtime.ClosePolicy && code != -1 {
		t.Errorf("closed with %d", code)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	_ = conn.Close()
}

// closing reads until the connection ends and says with which code.
func closing(conn *websocket.Conn) int {
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			if e := net.Error(nil); errors.As(err, &e) && e.Timeout() {
				return 0
			}
			return codeOf(err)
		}
	}
}

// Attack 76, also across nodes: one who reads nothing must not cost the others time,
// nor us memory.
func TestAttack76ASlowReaderHoldsUpNobody(t *testing.T) {
	t.Parallel()
	f, beside := twoNodes(t)
	actor := f.account(access.Agent, tickettest.DefaultTeam)
	slow := f.dial(realtime.Visitor{Actor: actor})
	if err := slow.NetConn().(*net.TCPConn).SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	quick, there := f.connect(realtime.Visitor{Actor: actor}), beside.connect(realtime.Visitor{Actor: actor})
	tk := tickettest.Open(t, f.db, ticket.Ticket{})
	f.seq.Poke()
	long := strings.Repeat("x", 40_000)
	heard := func() int { return len(quick.events()) }
	f.until("the slow one to be let go", func() bool {
		before, sent := heard(), time.Now()
		version := f.change(tk.ID, func(t *ticket.Ticket) { t.CustomerName = long }).Version
		f.until("the quick one hears", func() bool { return heard() > before })
		if took := time.Since(sent); took > 10*time.Second {
			t.Fatalf("the quick one heard after %v", took)
		}
		return version > 40 && f.connections() == 1
	})
	versions(t, quick.events())
	f.until("the other node's hear all of it", func() bool { return there.told() == quick.told() })
	versions(t, there.events())
}
