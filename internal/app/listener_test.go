package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"github.com/escuta-sac/escuta/internal/event"
)

// frameItem is one member of a live message.
type frameItem struct {
	ID      string          `json:"id"`
	Kind    string          `json:"kind"`
	Ticket  int64           `json:"ticket_id"`
	Version int             `json:"version"`
	Row     json.RawMessage `json:"row"`
	Count   int64           `json:"count"`
}

// shown is a ticket as a listener knows it.
type shown struct {
	version int
	row     json.RawMessage
}

// listener follows the live stream as a browser does: after whatever ends the
// connection it comes back and continues from its position. It never takes a gap
// for silence: a position that does not continue the last one is an error.
type listener struct {
	t      testing.TB
	server *server
	who    colleague
	dice   *rand.Rand

	mu          sync.Mutex
	at          event.Position
	tickets     map[int64]shown
	loaded      bool // everything about tickets is known from events, none was told as one of many
	connections int
	many        int
	resyncs     int
}

// follow lets a listener listen until the test ends; it is connected on return.
func follow(t testing.TB, s *server, who colleague, seed uint64) *listener {
	t.Helper()
	l := &listener{t: t, server: s, who: who, dice: rand.New(rand.NewPCG(seed, 99)), tickets: map[int64]shown{}, loaded: true}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { l.run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	eventually(t, "hear hello", func() error {
		if l.position().Epoch == "" {
			return fmt.Errorf("silence")
		}
		return nil
	})
	return l
}

func (l *listener) position() event.Position {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.at
}

func (l *listener) run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := l.connect(ctx); err != nil {
			l.t.Errorf("live: %v", err)
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond): // a browser's pause before it comes back
		}
	}
}

// connect listens for as long as one connection lasts; now and then it hangs up.
// Its error is a wrong stream, not a connection that ended.
func (l *listener) connect(ctx context.Context) error {
	address := l.server.at("ws", "/api/live")
	if at := l.position(); at.Epoch != "" {
		address += "?since=" + url.QueryEscape(at.String())
	}
	conn, _, err := websocket.DefaultDialer.DialContext(ctx, address, l.who.header())
	if err != nil {
		return nil
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	l.mu.Lock()
	l.connections++
	l.mu.Unlock()
	for l.dice.IntN(60) > 0 {
		_, text, err := conn.ReadMessage()
		if err != nil {
			return nil
		}
		var frame []frameItem
		if err := json.Unmarshal(text, &frame); err != nil {
			return fmt.Errorf("a frame that is none: %w", err)
		}
		if err := l.take(frame); err != nil {
			return err
		}
	}
	return nil
}

func (l *listener) take(frame []frameItem) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, it := range frame {
		if it.ID == "" || it.Kind == "counts" {
			continue // what passes by tells of no ticket and has no place in the order
		}
		at, err := event.ParsePosition(it.ID)
		if err != nil {
			return err
		}
		switch it.Kind {
		case "hello":
			if l.at.Epoch == "" {
				l.at = at
			}
		case "resync":
			l.at, l.tickets, l.loaded = at, map[int64]shown{}, false
			l.resyncs++
		case "many":
			if at.Epoch != l.at.Epoch || at.Pos-l.at.Pos != it.Count {
				return fmt.Errorf("%d events lead from %v to %v", it.Count, l.at, at)
			}
			l.at, l.loaded = at, false
			l.many++
		default:
			if err := l.event(at, it); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *listener) event(at event.Position, it frameItem) error {
	if at.Epoch != l.at.Epoch || at.Pos != l.at.Pos+1 {
		return fmt.Errorf("after %v came %v (%s of ticket %d)", l.at, at, it.Kind, it.Ticket)
	}
	known := l.tickets[it.Ticket]
	if it.Version <= known.version || l.loaded && it.Version != known.version+1 {
		return fmt.Errorf("ticket %d: after version %d came %d", it.Ticket, known.version, it.Version)
	}
	l.at = at
	l.tickets[it.Ticket] = shown{it.Version, it.Row}
	return nil
}
