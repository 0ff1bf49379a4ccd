package presence

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
)

// pace is how fast nodes speak; tests have no time.
type pace struct {
	gather time.Duration // between two messages of changes
	beat   time.Duration // between two signs of life
	fade   time.Duration // after which a silent node's people are gone
	ask    time.Duration // between two questions to a node of which something was missed
}

var usualPace = pace{gather: 100 * time.Millisecond, beat: 2 * time.Second, fade: 6 * time.Second, ask: time.Second}

// Change says whose state and which tickets' people are to be looked at again.
type Change struct {
	Accounts []int64
	Tickets  []int64
}

// Board is who is here, as this node knows it.
type Board struct {
	rdb     redis.UniversalClient
	log     *slog.Logger
	wire    string // where the nodes of this installation tell each other
	node    string
	pace    pace
	changed []func(Change)
	told    chan struct{} // something of ours is to be told

	mu    sync.Mutex
	own   map[string]Here // by connection
	dirty map[string]bool // connections of ours that changed since the last message
	seq   uint64          // of our last message of changes
	peers map[string]*peer
	crowd crowd // own and the peers', found by person and by ticket
	stand map[int64]Standing
}

// peer is another node.
type peer struct {
	conns map[string]Here
	seq   uint64
	whole bool // conns is all that it has told, without a hole
	heard time.Time
	asked time.Time
}

// message is what nodes tell each other. All is everything, Set and Drop are
// changes since the message before; with neither it is a sign of life.
type message struct {
	Node string          `json:"node"`
	Seq  uint64          `json:"seq"`
	All  map[string]Here `json:"all,omitempty"`
	Full bool            `json:"full,omitempty"`
	Set  map[string]Here `json:"set,omitempty"`
	Drop []string        `json:"drop,omitempty"`
	Ask  string          `json:"ask,omitempty"` // of whom all is wanted; * of everybody
}

// New makes a board for the nodes of one installation, who have its secret in
// common: what Redis publishes knows no databases, and one Redis may serve two
// installations.
func New(rdb redis.UniversalClient, secret []byte, log *slog.Logger) *Board {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("presence"))
	return &Board{rdb: rdb, wire: "presence:" + hex.EncodeToString(mac.Sum(nil)[:8]), log: log, node: uuid.NewString(), pace: usualPace, told: make(chan struct{}, 1),
		own: map[string]Here{}, dirty: map[string]bool{}, peers: map[string]*peer{}, crowd: newCrowd(), stand: map[int64]Standing{}}
}

// Listen has fn told of every change, here or elsewhere, as often as there is one:
// fn may ask the board and must not wait for anything. It is called before Run and
// before the first Set.
func (b *Board) Listen(fn func(Change)) { b.changed = append(b.changed, fn) }

func (b *Board) say(c Change) {
	for _, fn := range b.changed {
		fn(c)
	}
}

// Set says what a connection's person does from now on.
func (b *Board) Set(conn string, h Here) {
	b.mu.Lock()
	was, known := b.own[conn]
	if known && was == h {
		b.mu.Unlock()
		return
	}
	b.own[conn] = h
	b.dirty[conn] = true
	b.crowd.move(b.node, conn, was, h)
	b.mu.Unlock()
	b.tell(was, h)
}

// Leave says that a connection has ended.
func (b *Board) Leave(conn string) {
	b.mu.Lock()
	was, known := b.own[conn]
	delete(b.own, conn)
	if known {
		b.dirty[conn] = true
		b.crowd.move(b.node, conn, was, Here{})
	}
	b.mu.Unlock()
	if known {
		b.tell(was)
	}
}

// tell passes a change of ours on.
func (b *Board) tell(all ...Here) {
	b.say(changeOf(all))
	select {
	case b.told <- struct{}{}:
	default:
	}
}

func changeOf(all []Here) (c Change) {
	for _, h := range all {
		if h.Account != 0 {
			c.Accounts = append(c.Accounts, h.Account)
		}
		if h.Ticket != 0 {
			c.Tickets = append(c.Tickets, h.Ticket)
		}
	}
	slices.Sort(c.Accounts)
	slices.Sort(c.Tickets)
	return Change{slices.Compact(c.Accounts), slices.Compact(c.Tickets)}
}

// Run speaks with the other nodes until ctx ends, and says goodbye.
func (b *Board) Run(ctx context.Context) error {
	sub := b.rdb.Subscribe(ctx, b.wire)
	defer sub.Close()
	heard := sub.ChannelWithSubscriptions(redis.WithChannelSize(1000))
	beat := time.NewTicker(b.pace.beat)
	defer beat.Stop()
	var gather <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			b.mu.Lock()
			for conn, h := range b.own {
				b.crowd.move(b.node, conn, h, Here{})
			}
			clear(b.own)
			b.mu.Unlock()
			b.publish(context.WithoutCancel(ctx), b.whole())
			return nil
		case got, open := <-heard:
			if !open {
				return nil
			}
			switch got := got.(type) {
			case *redis.Subscription: // anew after Redis was away: what was said meanwhile is lost
				b.publish(ctx, b.whole())
				b.publish(ctx, message{Node: b.node, Ask: "*"})
			case *redis.Message:
				b.hear(ctx, got.Payload)
			}
		case <-b.told:
			if gather == nil {
				gather = time.After(b.pace.gather)
			}
		case <-gather:
			gather = nil
			if m, any := b.changes(); any {
				b.publish(ctx, m)
			}
		case <-beat.C:
			b.fadeSilent()
			if m, any := b.alive(); any {
				b.publish(ctx, m)
			}
		}
	}
}

func (b *Board) publish(ctx context.Context, m message) {
	text, err := json.Marshal(m)
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		err = b.rdb.Publish(ctx, b.wire, text).Err()
	}
	if err != nil {
		// The next sign of life has a number that shows the hole.
		b.log.DebugContext(ctx, "the other nodes were not told who is here", "error", err)
	}
}

func (b *Board) whole() message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return message{Node: b.node, Seq: b.seq, Full: true, All: maps.Clone(b.own)}
}

// changes are what was not told yet.
func (b *Board) changes() (m message, any bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.dirty) == 0 {
		return m, false
	}
	b.seq++
	m = message{Node: b.node, Seq: b.seq, Set: map[string]Here{}}
	for conn := range b.dirty {
		if h, here := b.own[conn]; here {
			m.Set[conn] = h
		} else {
			m.Drop = append(m.Drop, conn)
		}
	}
	clear(b.dirty)
	return m, true
}

// alive is a sign of life. A node that has nobody needs none.
func (b *Board) alive() (m message, any bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return message{Node: b.node, Seq: b.seq}, len(b.own) > 0
}

// hear takes in what another node says.
func (b *Board) hear(ctx context.Context, text string) {
	var m message
	if err := json.Unmarshal([]byte(text), &m); err != nil || m.Node == "" || m.Node == b.node {
		return
	}
	if m.Ask == b.node || m.Ask == "*" {
		b.publish(ctx, b.whole())
	}
	if m.Ask != "" {
		return
	}
	changed, hole := b.join(m, time.Now())
	if len(changed) > 0 {
		b.say(changeOf(changed))
	}
	if hole {
		b.publish(ctx, message{Node: b.node, Ask: m.Node})
	}
}

// join brings what is known of a node to what it says. hole reports that something
// of it was missed, and that it is to be asked, now and then.
func (b *Board) join(m message, now time.Time) (changed []Here, hole bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.peers[m.Node]
	if p == nil {
		p = &peer{conns: map[string]Here{}}
		b.peers[m.Node] = p
	}
	p.heard = now
	put := func(conn string, h Here) {
		if was := p.conns[conn]; was != h {
			changed = append(changed, was, h)
			p.conns[conn] = h
			b.crowd.move(m.Node, conn, was, h)
		}
	}
	drop := func(conn string) {
		changed = append(changed, p.conns[conn])
		b.crowd.move(m.Node, conn, p.conns[conn], Here{})
		delete(p.conns, conn)
	}
	switch {
	case m.Full:
		for conn := range p.conns {
			if _, here := m.All[conn]; !here {
				drop(conn)
			}
		}
		for conn, h := range m.All {
			put(conn, h)
		}
		p.seq, p.whole = m.Seq, true
	case p.whole && m.Seq == p.seq+1 && len(m.Set)+len(m.Drop) > 0: // a sign of life with that number says that we missed it
		for conn, h := range m.Set {
			put(conn, h)
		}
		for _, conn := range m.Drop {
			drop(conn)
		}
		p.seq = m.Seq
	case !p.whole || m.Seq > p.seq:
		p.whole = false
		if hole = now.Sub(p.asked) >= b.pace.ask; hole {
			p.asked = now
		}
	}
	if p.whole && len(p.conns) == 0 {
		delete(b.peers, m.Node)
	}
	return changed, hole
}

// fadeSilent forgets nodes that have said nothing for too long.
func (b *Board) fadeSilent() {
	b.mu.Lock()
	var gone []Here
	for node, p := range b.peers {
		if time.Since(p.heard) > b.pace.fade {
			for conn, h := range p.conns {
				gone = append(gone, h)
				b.crowd.move(node, conn, h, Here{})
			}
			delete(b.peers, node)
		}
	}
	b.mu.Unlock()
	if len(gone) > 0 {
		b.say(changeOf(gone))
	}
}
