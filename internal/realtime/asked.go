package realtime

import (
	"encoding/json"
	"slices"

	"github.com/escuta-sac/escuta/internal/event"
)

// asked tells people that what an area of their teams is asked has changed. They
// need not see the ticket: it is a hint without content, after which their list is
// asked for again. The hub is locked.
func (h *Hub) asked(events []event.Event) {
	var teams []int64
	for _, e := range events {
		if e.Kind != event.TicketArea {
			continue
		}
		var told struct {
			Data struct {
				Team *int64 `json:"team"`
			} `json:"data"`
		}
		// A payload that is not read tells nobody; their lists are fetched now and then anyway.
		if json.Unmarshal(e.Payload, &told) == nil && told.Data.Team != nil {
			teams = append(teams, *told.Data.Team)
		}
	}
	if len(teams) == 0 {
		return
	}
	for c := range h.clients {
		c.mu.Lock()
		mine := slices.ContainsFunc(c.actor.Teams, func(team int64) bool { return slices.Contains(teams, team) })
		c.mu.Unlock()
		if mine {
			c.tell([]byte(`{"kind":"asked"}`))
		}
	}
}
