package smtp

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/textproto"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/spool"
)

// ledger keeps what it accepts, once by source key.
type ledger struct {
	mu      sync.Mutex
	all     []channel.Arrival
	byKey   map[string]int
	fail    error
	waiting chan struct{} // when not nil, Accept says that it waits, and waits
	release chan struct{}
}

func (l *ledger) Accept(ctx context.Context, a channel.Arrival) (channel.Acceptance, error) {
	if l.waiting != nil {
		l.waiting <- struct{}{}
		select {
		case <-l.release:
		case <-ctx.Done():
			return channel.Acceptance{}, ctx.Err()
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil {
		return channel.Acceptance{}, l.fail
	}
	if l.byKey[a.SourceKey]++; l.byKey[a.SourceKey] > 1 {
		return channel.Acceptance{Replayed: true}, nil
	}
	a.Raw = bytes.Clone(a.Raw)
	l.all = append(l.all, a)
	return channel.Acceptance{LedgerID: int64(len(l.all))}, nil
}

func (l *ledger) kept() []channel.Arrival {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]channel.Arrival(nil), l.all...)
}

type ours []string

func (o ours) Takes(address string) bool {
	for _, a := range o {
		if strings.EqualFold(a, address) {
			return true
		}
	}
	return false
}

const us = "sac@empresa.example"

type world struct {
	*ledger
	server *Server
	stop   func()
}

const mib = 1 << 20

func start(t *testing.T, address string, limit int64, o Options) *world {
	t.Helper()
	pool, err := spool.New(t.TempDir(), limit)
	if err != nil {
		t.Fatal(err)
	}
	secured, err := TLS("", "", t.TempDir(), "mx.empresa.example")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{ledger: &ledger{byKey: map[string]int{}}}
	o.Name, o.TLS, o.Recipients, o.Acceptor, o.Spool, o.Log = "mx.empresa.example", secured, ours{us, "x@empresa.example"}, w.ledger, pool, slog.New(slog.DiscardHandler)
	if w.server, err = Listen(address, o); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.server.Run(ctx) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	t.Cleanup(w.stop)
	return w
}

// wire speaks SMTP by hand, byte for byte.
type wire struct {
	t *testing.T
	c net.Conn
	r *textproto.Reader
}

func (w *world) wire(t *testing.T) *wire {
	t.Helper()
	c, err := net.Dial(w.server.Addr().Network(), w.server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	x := &wire{t, c, textproto.NewReader(bufio.NewReader(c))}
	return x
}

func (x *wire) greeted(hello string) *wire {
	x.t.Helper()
	x.want(220, "")
	x.want(250, hello+" cliente.example\r\n")
	return x
}

// say sends text and returns the code of the answer, 0 when there is none.
func (x *wire) say(text string) (int, string) {
	patience := 20 * time.Second
	if len(text) > mib { // the race detector reads slowly
		patience = 5 * time.Minute
	}
	_ = x.c.SetDeadline(time.Now().Add(patience))
	if _, err := x.c.Write([]byte(text)); err != nil {
		return 0, err.Error()
	}
	code, message, err := x.r.ReadResponse(0)
	if err != nil && code == 0 {
		return 0, err.Error()
	}
	return code, message
}

func (x *wire) want(code int, text string) {
	x.t.Helper()
	if got, message := x.say(text); got != code {
		x.t.Fatalf("%.60q: %d %s, want %d", text, got, message, code)
	}
}

// send brings a mail as it is: only leading dots are doubled, as the standard asks.
func (x *wire) send(raw []byte) (int, string) {
	x.t.Helper()
	x.want(250, "MAIL FROM:<ana@cliente.example>\r\n")
	x.want(250, "RCPT TO:<"+us+">\r\n")
	x.want(354, "DATA\r\n")
	return x.say(onWire(raw))
}

func onWire(raw []byte) string {
	s := strings.ReplaceAll(string(raw), "\r\n.", "\r\n..")
	if strings.HasPrefix(s, ".") {
		s = "." + s
	}
	if s != "" && !strings.HasSuffix(s, "\r\n") {
		s += "\r\n"
	}
	return s + ".\r\n"
}

func ordinary(i int) []byte {
	return fmt.Appendf(nil, "From: ana@cliente.example\r\nTo: %s\r\nSubject: pedido %d\r\nMessage-ID: <%d@cliente.example>\r\n\r\nBom dia\r\n", us, i, i)
}

func shortDir(t *testing.T) string {
	dir, err := os.MkdirTemp("", "lm")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no %s", what)
		}
	}
}
