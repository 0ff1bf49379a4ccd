package presence

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
)

// Each check of the property waits for what is lost to be noticed, so a few are
// enough for every day; -rapid.checks asks for more.
func TestMain(m *testing.M) {
	if err := flag.Lookup("rapid.checks").Value.Set("20"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// node is a board at work; end stops it in good order.
type node struct {
	*Board
	end func()

	mu   sync.Mutex
	told Change
}

func start(t testing.TB, rdb redis.UniversalClient) *node {
	t.Helper()
	n := &node{}
	n.Board = New(rdb, []byte(t.Name()), slog.New(slog.NewTextHandler(io.Discard, nil)))
	n.Listen(func(c Change) {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.told.Accounts, n.told.Tickets = append(n.told.Accounts, c.Accounts...), append(n.told.Tickets, c.Tickets...)
	})
	n.pace = pace{gather: 5 * time.Millisecond, beat: 50 * time.Millisecond, fade: 300 * time.Millisecond, ask: 20 * time.Millisecond}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = n.Run(ctx) })
	n.end = func() {
		cancel()
		running.Wait()
	}
	t.Cleanup(n.end)
	return n
}

func eventually(t interface{ Fatalf(string, ...any) }, what string, holds func() bool) {
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// shows is who is on a ticket and how everybody is, as text.
func (n *node) shows(ticket int64) string {
	return fmt.Sprint(n.On(ticket), brief(n.People()))
}

func brief(people []Person) (all []string) {
	for _, p := range people {
		all = append(all, p.Name+" "+string(p.State))
	}
	return all
}

// people is what boards make of connections.
func people(all []Here) []string {
	c, found := newCrowd(), []Person(nil)
	for i, h := range all {
		c.move("x", fmt.Sprint(i), Here{}, h)
	}
	for _, conns := range c.accounts {
		found = append(found, person(conns, Standing{}))
	}
	return brief(byName(found))
}

func ana(doing Doing) Here {
	return Here{Account: 1, Name: "Ana", State: Online, Ticket: 7, Audience: access.Audience{Team: 2}, Doing: doing}
}

func TestEveryNodeKnowsWhoIsWhere(t *testing.T) {
	t.Parallel()
	rdb := redistest.New(t)
	a, b := start(t, rdb), start(t, rdb)
	a.Set("1", ana(Viewing))
	b.Set("1", Here{Account: 2, Name: "Bia", State: Away, Ticket: 7, Doing: Idle})
	want := "[{1 Ana viewing {2 false }} {2 Bia idle {0 false }}] [Ana online Bia away]"
	for _, n := range []*node{a, b} {
		eventually(t, "both on both nodes", func() bool { return n.shows(7) == want })
	}
	// Two windows of one person are one person: the busier window counts.
	b.Set("2", ana(Typing))
	eventually(t, "typing", func() bool { s := a.On(7); return len(s) == 2 && s[0].Doing == Typing })
	// One who comes later is told.
	c := start(t, rdb)
	eventually(t, "the third node knows", func() bool { return c.shows(7) == a.shows(7) && len(c.On(7)) == 2 })
	if c.State(2) != Away || c.State(3) != "" {
		t.Errorf("states %q and %q", c.State(2), c.State(3))
	}
	a.Leave("1")
	b.Leave("2")
	eventually(t, "Ana is gone", func() bool { return len(c.On(7)) == 1 && c.State(1) == "" })
	eventually(t, "what changed was told", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return slices.Contains(c.told.Accounts, 1) && slices.Contains(c.told.Tickets, 7)
	})
	b.end()
	eventually(t, "a node that says goodbye takes its people along", func() bool { return len(c.On(7)) == 0 })
}

// A node that dies says nothing: its people fade.
func TestTheOnesOfADeadNodeFade(t *testing.T) {
	t.Parallel()
	engine := redistest.Start(t)
	a := start(t, engine.Client())
	theirs := engine.Client()
	b := start(t, theirs)
	b.Set("1", ana(Typing))
	eventually(t, "Ana is seen", func() bool { return len(a.On(7)) == 1 })
	if err := theirs.Close(); err != nil { // b says nothing any more, not even goodbye
		t.Fatal(err)
	}
	eventually(t, "Ana fades", func() bool { return len(a.On(7)) == 0 && len(a.People()) == 0 })
}

// Redis is away for a while: each node keeps its own, and afterwards all know all.
func TestPresenceComesBackWithRedis(t *testing.T) {
	t.Parallel()
	engine := redistest.Start(t)
	a, b := start(t, engine.Client()), start(t, engine.Client())
	a.Set("1", ana(Viewing))
	eventually(t, "Ana is seen", func() bool { return len(b.On(7)) == 1 })
	engine.Kill()
	a.Set("1", ana(Typing))
	b.Set("1", Here{Account: 2, Name: "Bia", State: Online})
	if s := a.On(7); len(s) != 1 || s[0].Doing != Typing {
		t.Errorf("without Redis its own node sees %v", s)
	}
	eventually(t, "Ana fades on the other node", func() bool { return len(b.On(7)) == 0 })
	engine.Start()
	eventually(t, "all know all", func() bool { return b.shows(7) == a.shows(7) && len(b.On(7)) == 1 && len(a.People()) == 2 })
}

// Whatever happens in whatever order, and whatever of it is lost on the way: in
// the end every node shows the same, and that is what the connections said last.
func TestNodesAgreeInTheEnd(t *testing.T) {
	t.Parallel()
	rdb := redistest.New(t)
	nodes := []*node{start(t, rdb), start(t, rdb), start(t, rdb)}
	rapid.Check(t, func(t *rapid.T) {
		said := map[string]Here{}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			i := rapid.IntRange(0, 2).Draw(t, "node")
			conn := rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "connection")
			switch rapid.IntRange(0, 6).Draw(t, "what") {
			case 0:
				nodes[i].Leave(conn)
				delete(said, fmt.Sprint(i, conn))
			case 1: // a message of this node is lost: nobody hears of what it tells
				nodes[i].Board.mu.Lock()
				nodes[i].seq++
				clear(nodes[i].dirty)
				nodes[i].Board.mu.Unlock()
			default:
				h := Here{Account: rapid.Int64Range(1, 4).Draw(t, "account"), State: rapid.SampledFrom(states).Draw(t, "state"),
					Ticket: rapid.Int64Range(0, 2).Draw(t, "ticket"), Doing: rapid.SampledFrom(doings).Draw(t, "doing")}
				h.Name = fmt.Sprint("Pessoa ", h.Account)
				nodes[i].Set(conn, h)
				said[fmt.Sprint(i, conn)] = h
			}
		}
		var all []Here
		for _, h := range said {
			all = append(all, h)
		}
		for _, n := range nodes {
			eventually(t, "agreement", func() bool { return fmt.Sprint(brief(n.People())) == fmt.Sprint(people(all)) })
		}
		for i := range nodes {
			for _, conn := range []string{"x", "y", "z"} {
				nodes[i].Leave(conn)
			}
		}
	})
}

func FuzzWhatANodeHears(f *testing.F) {
	f.Add(`{"node":"x","seq":1,"set":{"1":{"a":1,"n":"Ana","s":"online"}}}`)
	f.Add(`{"node":"x","seq":1,"full":true,"all":{}}`)
	f.Add(`{"ask":"*"}`)
	f.Add(`[]`)
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1})
	f.Fuzz(func(t *testing.T, text string) {
		b := New(rdb, []byte("fuzz"), slog.New(slog.NewTextHandler(io.Discard, nil)))
		b.hear(t.Context(), text)
		_, _ = b.People(), b.On(1)
	})
}
