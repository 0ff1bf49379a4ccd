package realtime_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/fasthttp/websocket"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/realtime"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// watches says which rows a browser shows, and that its rail does.
func (a *agent) watches(ids ...int64) {
	a.t.Helper()
	text, err := json.Marshal(map[string]any{"type": "watch", "people": true, "tickets": append([]int64{}, ids...)})
	if err == nil {
		err = a.conn.WriteMessage(websocket.TextMessage, text)
	}
	if err != nil {
		a.t.Fatal(err)
	}
}

// rail is who is here by what this browser was told last, as "name state".
func (a *agent) rail() string {
	told := "nothing"
	for _, m := range a.of("people") {
		var p struct {
			People []struct {
				Name  string `json:"name"`
				State string `json:"state"`
			} `json:"people"`
		}
		if err := json.Unmarshal([]byte(m.raw), &p); err != nil {
			a.t.Errorf("%s: %v", m.raw, err)
		}
		var all []string
		for _, who := range p.People {
			all = append(all, who.Name+" "+who.State)
		}
		told = strings.Join(all, ", ")
	}
	return told
}

// The rail shows the people of one's own teams, on whatever node they are; those
// who see all teams see all.
func TestTheRailShowsWhoOfTheTeamIsHere(t *testing.T) {
	t.Parallel()
	db, rdb := pgtest.New(t), redistest.New(t)
	a, b := openBeside(t, db, rdb, realtime.Options{}), openBeside(t, db, rdb, realtime.Options{})
	other := a.team("Cobrança")
	ana := a.connect(realtime.Visitor{Actor: a.named("Ana", access.Agent, tickettest.DefaultTeam)})
	bia := b.connect(realtime.Visitor{Actor: b.named("Bia", access.Agent, tickettest.DefaultTeam, other)})
	caio := b.connect(realtime.Visitor{Actor: b.named("Caio", access.Agent, other)})
	boss := a.connect(realtime.Visitor{Actor: a.named("Chefe", access.Admin)})
	for _, who := range []*agent{ana, bia, caio, boss} {
		who.watches()
		who.says("online", 0, "")
	}
	for who, want := range map[*agent]string{
		ana: "Ana online, Bia online", bia: "Ana online, Bia online, Caio online", caio: "Bia online, Caio online",
		boss: "Ana online, Bia online, Caio online, Chefe online",
	} {
		a.until(want, func() bool { return who.rail() == want })
	}
	bia.says("away", 0, "")
	a.until("Ana sees Bia go away", func() bool { return ana.rail() == "Ana online, Bia away" })
	if err := bia.conn.Close(); err != nil {
		t.Fatal(err)
	}
	a.until("Bia is gone", func() bool { return ana.rail() == "Ana online" && caio.rail() == "Caio online" })
}

// Rows tell who is on their tickets, at most once a second however much happens.
func TestRowsTellWhoIsOnThem(t *testing.T) {
	t.Parallel()
	f := open(t, realtime.Options{})
	tk, second := tickettest.Open(t, f.db, ticket.Ticket{}), tickettest.Open(t, f.db, ticket.Ticket{})
	ana := f.connect(realtime.Visitor{Actor: f.named("Ana", access.Agent, tk.TeamID)})
	bia := f.connect(realtime.Visitor{Actor: f.named("Bia", access.Agent, tk.TeamID)})
	bia.says("online", second.ID, "viewing")
	ana.watches(tk.ID, second.ID)
	f.until("who was there before", func() bool { return ana.company(second.ID) == "Bia viewing" })
	if ana.company(tk.ID) != "nothing" {
		t.Errorf("of a row with nobody: %q", ana.company(tk.ID))
	}
	for i := range 40 {
		bia.says("online", []int64{tk.ID, second.ID}[i%2], []string{"viewing", "typing", "idle"}[i%3])
	}
	bia.says("online", tk.ID, "typing")
	f.until("the last is true", func() bool { return ana.company(tk.ID) == "Bia typing" && ana.company(second.ID) == "" })
	if n := len(ana.of("presence")); n > 9 {
		t.Errorf("%d items for 41 changes", n)
	}
	// What is not on the screen any more is not told.
	ana.watches(second.ID)
	bia.says("online", second.ID, "idle")
	f.until("the other row", func() bool { return ana.company(second.ID) == "Bia idle" })
	if ana.company(tk.ID) != "Bia typing" {
		t.Errorf("of a row that is gone: %q", ana.company(tk.ID))
	}
}

// Attack 54: whatever tickets somebody names, presence tells them nothing of those
// that they may not see, nor that anything happens there (I5), and revocation counts.
func TestAttack54RowsTellNothingOfHiddenTickets(t *testing.T) {
	t.Parallel()
	f := open(t, realtime.Options{})
	other := f.team("Cobrança")
	kinds := []ticket.Ticket{{}, {TeamID: other}, {Walled: true}, {TeamID: other, Status: ticket.Resolved}, {Walled: true, Status: ticket.Closed}}
	var tickets []ticket.Ticket
	var ids []int64
	for _, k := range kinds {
		tk := tickettest.Open(t, f.db, k)
		tickets, ids = append(tickets, tk), append(ids, tk.ID)
	}
	actors := []access.Actor{
		f.named("Ana", access.Agent, tickettest.DefaultTeam), f.named("Bia", access.Agent, other), f.named("Sueli", access.Supervisor, other),
		f.named("Chefe", access.Admin), f.named("Olga", access.Ombudsman),
	}
	var now [5]atomic.Pointer[access.Actor]
	var agents []*agent
	for i, who := range actors {
		now[i].Store(&who)
		a := f.connect(realtime.Visitor{Actor: who, Still: func(context.Context) (access.Actor, error) { return *now[i].Load(), nil }})
		a.watches(ids...)
		agents = append(agents, a)
	}
	// Everybody goes everywhere, as far as they may, in an order of this seed.
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	draw := rand.New(rand.NewPCG(seed, 1))
	for range 60 {
		agents[draw.IntN(5)].says("online", append([]int64{0}, ids...)[draw.IntN(6)], []string{"typing", "viewing", "idle"}[draw.IntN(3)])
	}
	agents[4].says("online", ids[2], "typing")
	agents[0].says("online", ids[0], "typing")
	f.until("the office is alone behind the wall, and seen elsewhere", func() bool { return strings.HasPrefix(agents[3].company(ids[0]), "Ana typing") })
	for i, a := range agents {
		for k, tk := range tickets {
			if told := a.company(tk.ID); !actors[i].MaySee(tk.Audience()) && told != "nothing" {
				t.Errorf("%s is told of ticket %d (%+v): %q", actors[i].Name, tk.ID, kinds[k], told)
			}
		}
	}
	// Ana loses her team: within seconds its rows tell her nothing more.
	moved := actors[0]
	moved.Teams = []int64{other}
	now[0].Store(&moved)
	f.until("she sees the other team", func() bool { return strings.Contains(agents[0].rail(), "Bia") })
	before := agents[0].company(ids[0])
	agents[3].says("online", ids[0], "typing")
	f.until("those who see it are told", func() bool { return strings.Contains(agents[4].company(ids[0]), "Chefe typing") })
	if after := agents[0].company(ids[0]); after != before {
		t.Errorf("Ana is told %q", after)
	}
}

// Attack 76: who names thousands of tickets, or nonsense, is shown a hundred.
func TestAttack76WatchingIsBounded(t *testing.T) {
	t.Parallel()
	f := open(t, realtime.Options{})
	ana := f.connect(realtime.Visitor{Actor: f.named("Ana", access.Agent, tickettest.DefaultTeam)})
	ids := make([]int64, 600)
	for i := range ids {
		ids[i] = int64(i + 1)
	}
	ana.watches(ids...)
	f.until("a hundred rows", func() bool { return f.hub.Watched() == 100 })
	for _, text := range []string{`{"type":"watch","tickets":"all"}`, `{"type":"watch","tickets":[1e99]}`, `{"type":"watch","tickets":{}}`} {
		if err := ana.conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	ana.watches()
	f.until("none", func() bool { return f.hub.Watched() == 0 })
	ana.watches(ids[:10]...)
	f.until("ten", func() bool { return f.hub.Watched() == 10 })
	if err := ana.conn.Close(); err != nil {
		t.Fatal(err)
	}
	f.until("nothing is left of who is gone", func() bool { return f.hub.Watched() == 0 })
}
