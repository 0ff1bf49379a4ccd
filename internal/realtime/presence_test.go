package realtime_test

import (
	"context"
	"encoding/json"
	"fmt"
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

// says sends what a browser says of where its person is.
func (a *agent) says(state string, id int64, doing string) {
	a.t.Helper()
	text := fmt.Sprintf(`{"type":"here","state":%q,"ticket":%d,"doing":%q}`, state, id, doing)
	if err := a.conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		a.t.Fatal(err)
	}
}

// company is who else is on a ticket by what this browser was told last, as
// "name doing".
func (a *agent) company(id int64) string {
	told := "nothing"
	for _, m := range a.of("presence") {
		var p struct {
			People []struct {
				Name  string `json:"name"`
				Doing string `json:"doing"`
			} `json:"people"`
		}
		if err := json.Unmarshal([]byte(m.raw), &p); err != nil {
			a.t.Errorf("%s: %v", m.raw, err)
		}
		if m.TicketID == id {
			var all []string
			for _, who := range p.People {
				all = append(all, who.Name+" "+who.Doing)
			}
			told = strings.Join(all, ", ")
		}
	}
	return told
}

func (f *floor) named(name string, role access.Role, teams ...int64) access.Actor {
	f.t.Helper()
	a := f.account(role, teams...)
	a.Name = name
	return a
}

// Those who have a ticket open know of each other, on whatever node they are.
func TestWhoeverHasATicketOpenKnowsWhoElseHas(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	rdb := redistest.New(t)
	a, b := openBeside(t, db, rdb, realtime.Options{}), openBeside(t, db, rdb, realtime.Options{})
	tk := tickettest.Open(t, db, ticket.Ticket{})
	ana := a.connect(realtime.Visitor{Actor: a.named("Ana", access.Agent, tk.TeamID)})
	bia := b.connect(realtime.Visitor{Actor: b.named("Bia", access.Agent, tk.TeamID)})
	ana.says("online", tk.ID, "viewing")
	a.until("Ana is alone", func() bool { return ana.company(tk.ID) == "" })
	bia.says("online", tk.ID, "viewing")
	a.until("Ana sees Bia come", func() bool { return ana.company(tk.ID) == "Bia viewing" })
	a.until("Bia is told who is there", func() bool { return bia.company(tk.ID) == "Ana viewing" })
	bia.says("online", tk.ID, "typing")
	a.until("Ana sees Bia write", func() bool { return ana.company(tk.ID) == "Bia typing" })
	if err := bia.conn.Close(); err != nil {
		t.Fatal(err)
	}
	a.until("Bia is gone", func() bool { return ana.company(tk.ID) == "" })
	// Who has moved on is not told of it any more.
	bia = b.connect(realtime.Visitor{Actor: b.named("Bia", access.Agent, tk.TeamID)})
	bia.says("online", tk.ID, "viewing")
	a.until("Bia is back", func() bool { return ana.company(tk.ID) == "Bia viewing" })
	ana.says("away", 0, "")
	a.until("Bia sees Ana go", func() bool { return bia.company(tk.ID) == "" })
}

// Nobody learns by way of presence of a ticket that is hidden from them, nor is
// anybody shown there who should not know of it (I5).
func TestPresenceShowsNothingOfHiddenTickets(t *testing.T) {
	t.Parallel()
	f := open(t, realtime.Options{})
	other := f.team("Cobrança")
	tk := tickettest.Open(t, f.db, ticket.Ticket{})
	walled := tickettest.Open(t, f.db, ticket.Ticket{Walled: true})
	done := tickettest.Open(t, f.db, ticket.Ticket{Status: ticket.Resolved, TeamID: other})
	boss := f.connect(realtime.Visitor{Actor: f.named("Chefe", access.Ombudsman)})
	stranger := f.connect(realtime.Visitor{Actor: f.named("Estranha", access.Agent, other)})
	insider := f.connect(realtime.Visitor{Actor: f.named("Ana", access.Agent, tk.TeamID)})
	for _, id := range []int64{walled.ID, tk.ID} {
		boss.says("online", id, "viewing")
		stranger.says("online", id, "viewing")
		insider.says("online", id, "typing")
		stranger.says("online", done.ID, "viewing")
		f.until("the stranger is where they may be", func() bool { return stranger.company(done.ID) == "" })
		stranger.says("online", 0, "")
	}
	f.until("the ombudsman sees who may be there", func() bool { return boss.company(tk.ID) == "Ana typing" })
	for _, a := range []*agent{stranger, insider} {
		if a.company(walled.ID) != "nothing" || boss.company(walled.ID) != "" {
			t.Errorf("of the walled ticket: %q and %q", a.company(walled.ID), boss.company(walled.ID))
		}
	}
	if stranger.company(tk.ID) != "nothing" {
		t.Errorf("a stranger is told %q", stranger.company(tk.ID))
	}
	// It goes behind the wall while it is open before Ana.
	f.change(tk.ID, func(t *ticket.Ticket) { t.Walled = true })
	f.until("it is gone for Ana", func() bool { return len(insider.of("gone")) == 1 })
	second := f.connect(realtime.Visitor{Actor: f.named("Segunda", access.Ombudsman)})
	second.says("online", tk.ID, "typing")
	f.until("the office sees its own", func() bool { return strings.Contains(boss.company(tk.ID), "Segunda typing") })
	if strings.Contains(insider.company(tk.ID), "Segunda") {
		t.Errorf("Ana is told who works behind the wall: %q", insider.company(tk.ID))
	}
}

// Who loses a team is on none of its tickets any more.
func TestPresenceFollowsWhatOneMaySee(t *testing.T) {
	t.Parallel()
	f := open(t, realtime.Options{})
	tk := tickettest.Open(t, f.db, ticket.Ticket{})
	other := f.team("Cobrança")
	ana := f.named("Ana", access.Agent, tk.TeamID)
	moved := ana
	moved.Teams = []int64{other}
	var now atomic.Pointer[access.Actor]
	now.Store(&ana)
	a := f.connect(realtime.Visitor{Actor: ana, Still: func(context.Context) (access.Actor, error) { return *now.Load(), nil }})
	boss := f.connect(realtime.Visitor{Actor: f.named("Chefe", access.Admin)})
	boss.says("online", tk.ID, "viewing")
	a.says("online", tk.ID, "viewing")
	f.until("the boss sees Ana", func() bool { return boss.company(tk.ID) == "Ana viewing" })
	now.Store(&moved)
	f.until("Ana is not there any more", func() bool { return boss.company(tk.ID) == "" })
}
