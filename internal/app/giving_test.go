package app_test

import (
	"fmt"
	"net/http"
	"sync"
	"syscall"
	"testing"

	"github.com/fasthttp/websocket"
)

// sits has somebody at a desk, on one node, until the test ends.
func sits(t testing.TB, s *server, who colleague) {
	t.Helper()
	conn, _, err := websocket.DefaultDialer.DialContext(t.Context(), s.at("ws", "/api/live"), who.header())
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"here","state":"online"}`)); err != nil {
		t.Fatal(err)
	}
	var reading sync.WaitGroup
	reading.Go(func() {
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				return
			}
		}
	})
	t.Cleanup(func() {
		_ = conn.Close()
		reading.Wait()
	})
}

// Three nodes give out the same tickets to people who sit at different nodes,
// one of them stands still for a while: each ticket goes to somebody once, and
// nobody has more than they are given at once.
func TestThreeNodesGiveOutEachTicketOnce(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	const capacity = 5
	boss := hire(t, c.db, "admin")
	var people []colleague
	for _, node := range c.nodes {
		who := hire(t, c.db, "agent")
		people = append(people, who)
		sits(t, node, who)
		c.patch(boss, node, fmt.Sprintf("/api/accounts/%d/routing", who.id), map[string]any{"at_once": map[string]int{"all": capacity}})
	}
	n := 0
	open := func(more int) {
		for range more {
			n++
			openTicket(t, c.nodes[n%len(c.nodes)], c.db, fmt.Sprint("giving-", n))
		}
	}
	open(4)
	c.patch(boss, c.nodes[0], "/api/teams/1/routing", map[string]any{"mode": "push"})
	open(3 * capacity)
	given := func(want int) func() error {
		return func() error {
			var all, most, told int
			query(t, c.db, `SELECT coalesce(sum(n), 0), coalesce(max(n), 0), (SELECT count(*) FROM events WHERE kind = 'ticket.routed')
				FROM (SELECT count(*) AS n FROM tickets WHERE assignee_id IS NOT NULL GROUP BY assignee_id) x`, nil, &all, &most, &told)
			if all != told || most > capacity+2 {
				t.Fatalf("%d given, %d told, somebody has %d", all, told, most)
			}
			if all != want {
				return fmt.Errorf("%d of %d", all, want)
			}
			return nil
		}
	}
	eventually(t, "give out what there is room for", given(3*capacity))
	for _, who := range people {
		var has int
		query(t, c.db, "SELECT count(*) FROM tickets WHERE assignee_id = $1", []any{who.id}, &has)
		if has != capacity {
			t.Errorf("somebody has %d of %d", has, capacity)
		}
	}
	// A node stands still, maybe in the middle of it; the others go on without it.
	c.nodes[2].signal(syscall.SIGSTOP)
	c.patch(boss, c.nodes[1], fmt.Sprintf("/api/accounts/%d/routing", people[0].id), map[string]any{"at_once": map[string]int{"all": capacity + 2}})
	eventually(t, "give out without the one that stands still", given(3*capacity+2))
	c.nodes[2].signal(syscall.SIGCONT)
	c.patch(boss, c.nodes[2], fmt.Sprintf("/api/accounts/%d/routing", people[1].id), map[string]any{"at_once": map[string]int{"all": capacity + 2}})
	eventually(t, "give out all", given(3*capacity+4))
}

func (c *cluster) patch(who colleague, at *server, path string, body any) {
	c.t.Helper()
	status, text, err := call(c.t.Context(), http.MethodPatch, at.at("http", path), who.header(), body)
	if err != nil || status != http.StatusOK {
		c.t.Fatalf("%s: %d %s %v", path, status, text, err)
	}
}
