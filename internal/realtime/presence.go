package realtime

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/presence"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Board is where the hub says who is here, and learns who else is. Set and Leave
// lead to LookAgain.
type Board interface {
	Set(conn string, h presence.Here)
	Leave(conn string)
	On(ticketID int64) []presence.Sighting
}

// Attend has the hub say to a board who is here. It is called before Run.
func (h *Hub) Attend(b Board) { h.board = b }

// lookTime bounds the question who may know of a ticket.
const lookTime = 2 * time.Second

// heard is what a browser says. What a newer one may say besides is not understood
// here, and does no harm.
type heard struct {
	Type   string         `json:"type"`
	State  presence.State `json:"state"`
	Ticket int64          `json:"ticket"`
	Doing  presence.Doing `json:"doing"`
}

// hear takes in a message. Programs that only listen say nothing of where they
// are, and nobody is shown them.
func (h *Hub) hear(c *client, text []byte) {
	var m heard
	if json.Unmarshal(text, &m) != nil {
		return
	}
	switch m.Type {
	case "ping":
		c.answer()
	case "here":
		if h.board != nil && m.State.Said() && m.Ticket >= 0 && (m.Ticket == 0 || m.Doing.Valid()) {
			h.place(c, m)
		}
	}
}

// place notes where a connection's person is. A ticket that they may not know of
// is none.
func (h *Hub) place(c *client, m heard) {
	c.mu.Lock()
	actor, was := c.actor, c.here
	c.mu.Unlock()
	now := presence.Here{Account: actor.AccountID, Name: actor.Name, State: m.State, Teams: presence.TeamsOf(actor.Teams)}
	if m.Ticket != 0 {
		au, known := was.Audience, was.Ticket == m.Ticket
		if !known {
			au, known = h.audienceOf(m.Ticket)
		}
		if known && actor.MaySee(au) {
			now.Ticket, now.Audience, now.Doing = m.Ticket, au, m.Doing
		}
	}
	h.move(c, now)
}

// audienceOf asks the open tickets first, and PostgreSQL about the others.
func (h *Hub) audienceOf(id int64) (access.Audience, bool) {
	if au, open := h.projection.audience(id); open {
		return au, true
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookTime)
	defer cancel()
	t, err := ticket.ByID(ctx, h.db.Gorm, id)
	if err != nil {
		h.log.DebugContext(ctx, "could not ask who may know of a ticket", slog.Int64("ticket_id", id), slog.Any("error", err))
		return access.Audience{}, false
	}
	return t.Audience(), true
}

func (h *Hub) move(c *client, now presence.Here) {
	h.mu.Lock()
	if _, here := h.clients[c]; !here {
		h.mu.Unlock()
		return
	}
	c.mu.Lock()
	was := c.here
	c.here = now
	c.mu.Unlock()
	if was.Ticket != now.Ticket {
		h.unview(c, was.Ticket)
		if now.Ticket != 0 {
			if h.viewers[now.Ticket] == nil {
				h.viewers[now.Ticket] = map[*client]struct{}{}
			}
			h.viewers[now.Ticket][c] = struct{}{}
		}
	}
	h.mu.Unlock()
	h.board.Set(c.name, now)
	// Who left meanwhile may have done so before Set: nobody would take them off again.
	h.mu.Lock()
	_, here := h.clients[c]
	h.mu.Unlock()
	if !here {
		h.board.Leave(c.name)
	}
}

func (h *Hub) unview(c *client, id int64) {
	delete(h.viewers[id], c)
	if len(h.viewers[id]) == 0 {
		delete(h.viewers, id)
	}
}

// LookAgain tells those who have a ticket open who else has, after it has changed.
func (h *Hub) LookAgain(change presence.Change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range change.Tickets {
		viewers := h.viewers[id]
		if len(viewers) == 0 {
			continue
		}
		all := h.board.On(id)
		for c := range viewers {
			c.tell(h.company(c, id, all))
		}
	}
}

// company is who else is on a ticket, as far as a connection's person may know.
// The ticket's audience of now counts, for as long as it is open.
func (h *Hub) company(c *client, id int64, all []presence.Sighting) []byte {
	type other struct {
		ID    int64          `json:"account_id"`
		Name  string         `json:"name"`
		Doing presence.Doing `json:"doing"`
	}
	told := struct {
		Kind   string  `json:"kind"`
		Ticket int64   `json:"ticket_id"`
		People []other `json:"people"`
	}{"presence", id, []other{}}
	c.mu.Lock()
	actor := c.actor
	c.mu.Unlock()
	now, open := h.projection.audience(id)
	for _, s := range all {
		if open {
			s.Audience = now
		}
		if s.Account != actor.AccountID && actor.MaySee(s.Audience) {
			told.People = append(told.People, other{s.Account, s.Name, s.Doing})
		}
	}
	text, err := json.Marshal(told)
	if err != nil {
		panic("realtime: " + err.Error()) // names and numbers always have a form
	}
	return text
}
