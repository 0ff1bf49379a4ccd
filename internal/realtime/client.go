package realtime

import (
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/presence"
)

// client is one connection and what waits to be written to it.
//
// Its only goroutine is the one that called Serve and reads. Whoever pushes
// something arms it: one of the hub's writers will come and write one frame. At
// most one is on its way at any time.
type client struct {
	hub     *Hub
	conn    Socket
	visitor Visitor
	slot    int    // which second of the ping round is its own
	name    string // of the connection, on its node's board

	mu      sync.Mutex // taken after the hub's, before a group's
	actor   access.Actor
	here    presence.Here
	w       watching
	group   *group // of the actor; changed under the hub's lock as well
	pending []*parcel
	items   int
	bytes   int
	many    int      // events collapsed; while it is not 0, pending is empty
	newest  int64    // position of the newest event that waits
	notices [][]byte // what goes before the events: hello, resync
	counts  Counts   // last sent
	saved   []SavedCount
	counted bool // some were sent
	countAt time.Time
	pongs   int  // answers owed to {"type":"ping"}
	ping    bool // a ping is due
	after   int64
	holding bool           // nothing is written yet: what was missed comes first
	armed   bool           // a writer will come
	writing bool           // or is at work
	last    time.Time      // when the last frame was written
	code    int            // set once: the connection ends with it
	gone    bool           // Serve has returned, or is about to
	writer  sync.WaitGroup // 1 while armed or writing
}

// push adds what an audience may see of a batch. It never blocks: somebody who
// cannot keep up gets "many" instead, or is let go.
func (c *client) push(p *parcel) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.code != 0 || c.gone {
		return
	}
	if p = p.after(c.after); len(p.items) == 0 {
		return
	}
	c.add(p)
	c.arm()
}

func (c *client) add(p *parcel) {
	c.newest = p.items[len(p.items)-1].pos
	if c.many > 0 {
		c.many += len(p.items)
		return
	}
	c.pending = append(c.pending, p)
	c.items += len(p.items)
	c.bytes += p.bytes
	if c.bytes > maxPending && c.writing {
		c.endLocked(CloseSlow)
		return
	}
	if c.items > maxItems || c.bytes > maxPending || c.items > maxTickets && c.tickets() > maxTickets {
		c.many, c.pending, c.items, c.bytes = c.items, nil, 0, 0
	}
}

// tickets counts the different tickets that wait.
func (c *client) tickets() int {
	seen := make(map[int64]struct{}, maxItems)
	for _, p := range c.pending {
		for _, it := range p.items {
			seen[it.ticket] = struct{}{}
		}
	}
	return len(seen)
}

// resync drops what waits: the state has to be loaded again, from at on.
func (c *client) resync(at event.Position) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.code != 0 || c.gone {
		return
	}
	c.pending, c.items, c.bytes, c.many = nil, 0, 0, 0
	c.after, c.counted, c.countAt = at.Pos, false, time.Time{}
	c.notices = append(c.notices, appendBare(nil, at, "resync"))
	c.arm()
}

// become makes the connection speak for a, who is of group g.
func (c *client) become(a access.Actor, g *group) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.actor, c.group = a, g
	if c.w.people {
		c.w.had, c.w.team = nil, g.team
	}
}

// maxNotices bounds what waits before the events; what goes beyond it is news of
// a telephone that has rung itself out by then.
const maxNotices = 64

// tell has an item of its own written.
func (c *client) tell(item []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.holding || c.code != 0 || c.gone || len(c.notices) >= maxNotices {
		return
	}
	c.notices = append(c.notices, item)
	c.arm()
}

// pingSoon has a ping written.
func (c *client) pingSoon() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ping = true
	c.arm()
}

// answer owes the browser a pong.
func (c *client) answer() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pongs++
	c.arm()
}

// countsChanged lets the writer look whether the counters are worth a frame.
func (c *client) countsChanged(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.holding || c.code != 0 || c.gone || now.Sub(c.countAt) < countsGap {
		return
	}
	if counts, saved, _ := c.group.countsFor(c.actor); !c.counted || counts != c.counts || !slices.Equal(saved, c.saved) {
		c.arm()
	}
}

// end closes the connection with code, after what is being written.
func (c *client) end(code int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.endLocked(code)
}

func (c *client) endLocked(code int) {
	if c.code != 0 || c.gone {
		return
	}
	c.code, c.holding = code, false
	c.pending, c.items, c.bytes, c.many, c.notices = nil, 0, 0, 0, nil
	c.arm()
}

// arm makes sure that a writer will come: at once, or when the gap since the
// last frame has passed.
func (c *client) arm() {
	if c.armed || c.writing || c.holding || c.gone {
		return
	}
	c.armed = true
	c.writer.Add(1)
	c.hub.writers.add(c, frameGap-time.Since(c.last))
}

// write is what a writer does: it writes one frame, or the close.
func (c *client) write() {
	defer c.writer.Done()
	buf, _ := c.hub.buffers.Get().(*[]byte)
	if buf == nil {
		buf = new([]byte)
	}
	defer c.hub.buffers.Put(buf)

	c.mu.Lock()
	c.armed, c.writing = false, true
	if c.gone && c.code == 0 {
		c.mu.Unlock()
		return
	}
	frame, ping, code := c.frame((*buf)[:0])
	c.mu.Unlock()
	*buf = frame
	if cap(*buf) > maxPending {
		*buf = nil
	}

	var err error
	if code != 0 {
		c.close(code)
		return // writing stays set: nothing is written any more
	}
	deadline := time.Now().Add(writeTime)
	if len(frame) > 2 {
		if err = c.conn.SetWriteDeadline(deadline); err == nil {
			err = c.conn.WriteMessage(textFrame, frame)
		}
		c.hub.metrics.frames.Inc()
		c.hub.metrics.bytes.Add(float64(len(frame)))
	}
	if err == nil && ping {
		err = c.conn.WriteControl(pingFrame, nil, deadline)
	}
	if err != nil {
		c.hub.metrics.dropped.WithLabelValues("unreachable").Inc()
		_ = c.conn.Close() // the reader notices, and Serve returns
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writing = false
	if len(frame) > 2 {
		c.last = time.Now()
	}
	if c.waiting() {
		c.arm()
	}
}

func (c *client) close(code int) {
	if code == CloseSlow || code == CloseRevoked || code == ClosePolicy || code == CloseTooMany {
		c.hub.metrics.dropped.WithLabelValues(reasons[code]).Inc()
	}
	body := binary.BigEndian.AppendUint16(nil, uint16(code))
	_ = c.conn.WriteControl(closeFrame, append(body, reasons[code]...), time.Now().Add(time.Second))
	_ = c.conn.Close()
}

var reasons = map[int]string{
	CloseUnsupported: "text only", CloseNotText: "not utf-8", ClosePolicy: "flood", CloseRestart: "restart",
	CloseTooMany: "too many", CloseRevoked: "revoked", CloseSlow: "slow",
}

func (c *client) waiting() bool {
	return c.code != 0 || c.items > 0 || c.many > 0 || len(c.notices) > 0 || c.pongs > 0 || c.ping || c.watchDue()
}

// frame takes all that waits into one array. Counters go with it when they have
// changed and a second has passed.
func (c *client) frame(b []byte) (frame []byte, ping bool, code int) {
	if c.code != 0 {
		return b, false, c.code
	}
	epoch := c.hub.projection.position()
	b = append(b, '[')
	next := func() {
		if len(b) > 1 {
			b = append(b, ',')
		}
	}
	for _, n := range c.notices {
		next()
		b = append(b, n...)
	}
	for _, p := range c.pending {
		for _, it := range p.items {
			next()
			b = append(b, it.body...)
		}
	}
	if c.many > 0 {
		next()
		b = appendMany(b, epoch.Epoch, c.newest, c.many)
	}
	if now := time.Now(); now.Sub(c.countAt) >= countsGap {
		if counts, saved, at := c.group.countsFor(c.actor); !c.counted || counts != c.counts || !slices.Equal(saved, c.saved) {
			next()
			b = appendCounts(b, at, counts, saved)
			c.counts, c.saved, c.counted, c.countAt = counts, saved, true, now
		}
	}
	for _, item := range c.presences() {
		next()
		b = append(b, item...)
	}
	for range min(c.pongs, 1) {
		next()
		b = append(b, `{"kind":"pong"}`...)
	}
	ping = c.ping
	c.notices, c.pending, c.items, c.bytes, c.many, c.pongs, c.ping = nil, nil, 0, 0, 0, 0, false
	return append(b, ']'), ping, 0
}

// leave waits until nothing of ours touches the connection any more, which is
// somebody else's afterwards.
func (c *client) leave() {
	c.mu.Lock()
	c.gone = true
	closing := c.code != 0
	c.mu.Unlock()
	if !closing {
		_ = c.conn.Close() // frees a writer that is stuck
	}
	c.writer.Wait()
}
