package httpapi

import (
	"time"

	"github.com/escuta-sac/escuta/internal/ticket"
)

// portalStep is one stage of a ticket's way as its customer sees it.
type portalStep struct {
	Name    string // received, working, answered, your_turn, third, resolved or closed
	At      *time.Time
	Done    bool
	Current bool
}

// steps are received, being worked on, answered, ended: what was passed, with its
// moment where one is known, and where the ticket stands now.
func steps(t PublicTicket) []portalStep {
	way := []portalStep{{Name: "received", At: &t.OpenedAt}, {Name: "working"}, {Name: "answered"}, {Name: "resolved"}}
	now := 0
	for i, m := range t.Messages {
		if m.From == "us" {
			way[2].At, now = &t.Messages[i].At, 2
			break
		}
	}
	switch ticket.Status(t.Status) {
	case ticket.Open:
		now = max(now, 1)
	case ticket.WaitingThird:
		way[1].Name, now = "third", 1
	case ticket.WaitingCustomer:
		way[2].Name, now = "your_turn", 2
	case ticket.Resolved, ticket.Closed:
		way[3].Name, now = t.Status, 3
	}
	for i := range way {
		way[i].Done, way[i].Current = i < now, i == now
	}
	return way
}
