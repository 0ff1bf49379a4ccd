package realtime

import (
	"context"
	"errors"
	"io"
	"time"
	"unicode/utf8"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
)

// Serve speaks to one connection until it ends. When it returns, nothing of ours
// touches conn any more.
func (h *Hub) Serve(ctx context.Context, conn Socket, v Visitor) {
	c := &client{hub: h, conn: conn, visitor: v, actor: v.Actor, holding: true,
		w: watching{stale: map[int64]struct{}{}, told: map[int64]access.Audience{}}}
	at, code := h.join(c)
	if code != 0 {
		c.close(code)
		return
	}
	defer h.leave(c)
	defer c.leave()
	if err := c.resume(ctx, at); err != nil {
		return
	}
	c.read()
}

// resume sends hello and what has happened since the visitor's position, and
// lets go what has been held back meanwhile. at is where holding back began, so
// there is neither a gap nor a repetition between the two.
func (c *client) resume(ctx context.Context, at event.Position) error {
	missed, after, err := c.missed(ctx, at)
	resync := errors.Is(err, event.ErrResync)
	if err != nil && !resync {
		c.end(CloseTooMany) // an engine is away; the browser comes back
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	held, heldMany := c.pending, c.many
	c.pending, c.items, c.bytes, c.many = nil, 0, 0, 0
	c.notices = append([][]byte{appendBare(nil, at, "hello")}, c.notices...)
	if resync {
		c.notices = append(c.notices, appendBare(nil, at, "resync"))
	}
	c.after = max(c.after, after)
	if len(missed.items) > 0 {
		c.add(missed)
	}
	for _, p := range held {
		if p = p.after(after); len(p.items) > 0 {
			c.add(p)
		}
	}
	if heldMany > 0 {
		c.many += c.items + heldMany
		c.pending, c.items, c.bytes = nil, 0, 0
	}
	c.holding = false
	if c.code == 0 {
		c.arm()
	}
	return nil
}

// missed reads what the visitor may see of (since, at]. after is the position up
// to which the visitor has been told everything, or has said so.
func (c *client) missed(ctx context.Context, at event.Position) (missed *parcel, after int64, err error) {
	none := &parcel{}
	if c.visitor.Since == "" {
		return none, at.Pos, nil
	}
	since, err := event.ParsePosition(c.visitor.Since)
	if err != nil || since.Epoch != at.Epoch || at.Pos-since.Pos > maxReplay {
		return none, at.Pos, event.ErrResync
	}
	if since.Pos == at.Pos {
		return none, at.Pos, nil
	}
	select { // a whole floor of agents reconnects at once; PostgreSQL serves a few at a time
	case c.hub.replays <- struct{}{}:
		defer func() { <-c.hub.replays }()
	case <-ctx.Done():
		return none, 0, ctx.Err()
	}
	// Also when the visitor is ahead: another node may have told it more than
	// this one has heard by now. A position that nobody gave is a resync.
	events, err := c.hub.events.Since(ctx, since, maxReplay+1)
	if err != nil {
		return none, at.Pos, err
	}
	// The log's memory may end before what this node has told, which then came from
	// PostgreSQL: what lies between is asked for, too.
	for len(events) > 0 && events[len(events)-1].Pos < at.Pos {
		last := event.Position{Epoch: at.Epoch, Pos: events[len(events)-1].Pos}
		more, err := c.hub.events.Since(ctx, last, maxReplay+1)
		if err != nil {
			return none, at.Pos, err
		}
		if len(more) == 0 {
			return none, at.Pos, event.ErrResync
		}
		events = append(events[:len(events):len(events)], more...)
	}
	if since.Pos > at.Pos {
		return none, since.Pos, nil
	}
	for n := range events {
		if events[n].Pos > at.Pos {
			events = events[:n]
			break
		}
	}
	c.mu.Lock()
	actor := c.actor
	c.mu.Unlock()
	return newBatch(at.Epoch, events).forWhom(actor.MaySee), at.Pos, nil
}

// read hears the browser out until the connection ends. Browsers have little to
// say, so whatever comes in numbers is an attack.
func (c *client) read() {
	c.conn.SetReadLimit(maxMessage)
	var budget budget
	alive := func() error {
		if !budget.spend(time.Now()) {
			c.end(ClosePolicy)
			return errFlood
		}
		return c.conn.SetReadDeadline(time.Now().Add(silence))
	}
	c.conn.SetPongHandler(func(string) error { return alive() })
	c.conn.SetPingHandler(func(data string) error {
		if err := alive(); err != nil {
			return err
		}
		return c.conn.WriteControl(pongFrame, []byte(data), time.Now().Add(time.Second))
	})
	if c.conn.SetReadDeadline(time.Now().Add(silence)) != nil {
		return
	}
	for {
		kind, r, err := c.conn.NextReader()
		if err != nil {
			return
		}
		if alive() != nil {
			return
		}
		if kind == binaryFrame {
			c.end(CloseUnsupported)
			return
		}
		// A message in endless empty fragments would keep the reader busy for ever.
		if c.conn.SetReadDeadline(time.Now().Add(messageTime)) != nil {
			return
		}
		message, err := io.ReadAll(r)
		if err != nil {
			c.end(ClosePolicy)
			return
		}
		if !utf8.Valid(message) {
			c.end(CloseNotText)
			return
		}
		c.hub.hear(c, message)
		if c.conn.SetReadDeadline(time.Now().Add(silence)) != nil {
			return
		}
	}
}

var errFlood = errors.New("more messages in a second than a browser sends")

// budget counts what a browser sends in a second. The zero value is ready.
type budget struct {
	second int64
	spent  int
}

func (b *budget) spend(now time.Time) bool {
	if s := now.Unix(); s != b.second {
		b.second, b.spent = s, 0
	}
	b.spent++
	return b.spent <= maxPerSecond
}
