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
	People() []presence.Person
	Person(account int64) (p presence.Person, here bool)
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

	Tickets []int64 `json:"tickets"` // of the rows on the screen
	People  bool    `json:"people"`  // the rail is shown
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
	case "watch":
		if h.board != nil {
			h.watch(c, m)
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
	_, shown := c.w.rows[was.Ticket]
	c.mu.Unlock()
	if was.Ticket != now.Ticket {
		if !shown {
			h.unview(c, was.Ticket)
		}
		if now.Ticket != 0 {
			h.view(c, now.Ticket)
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
