package realtime_test

import (
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/realtime"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// Attack 54: an area's people hear at once that what they are asked has changed,
// nothing of the ticket with it, and nobody else hears even that.
func TestAttack54OnlyTheAskedTeamHearsThatSomethingIsAskedOfIt(t *testing.T) {
	t.Parallel()
	f := open(t, realtime.Options{})
	team := f.team("Cobrança")
	clerk := f.connect(realtime.Visitor{Actor: f.account(access.Agent, team)})
	agent := f.connect(realtime.Visitor{Actor: f.account(access.Agent, tickettest.DefaultTeam)})
	tk := tickettest.Open(t, f.db, ticket.Ticket{Walled: true})
	err := f.db.InTx(t.Context(), func(tx *gorm.DB) error {
		c := ticket.Cause{Kind: event.TicketArea, Data: map[string]any{"act": "asked", "team": team}, At: time.Now()}
		_, err := ticket.Change(t.Context(), tx, tk.ID, c, func(*ticket.Ticket) error { return nil })
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	seen := tickettest.Open(t, f.db, ticket.Ticket{}) // after it: who hears of this has heard all before it
	f.change(seen.ID, touch)
	f.until("the clerk hears that something is asked", func() bool { return len(clerk.of("asked")) == 1 })
	f.until("the agent hears of a ticket of theirs", func() bool { return len(agent.events()) > 0 })
	if got := clerk.of("asked")[0].raw; got != `{"kind":"asked"}` || len(clerk.events()) != 0 || len(agent.of("asked")) != 0 {
		t.Errorf("the clerk heard %s and %v, the agent %v", got, clerk.events(), agent.of("asked"))
	}
}
