package realtime_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/presence"
	"github.com/escuta-sac/escuta/internal/realtime"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// floor is a node with a hub and a WebSocket server in front of it.
type floor struct {
	t   *testing.T
	db  *postgres.DB
	log *event.Log
	seq *event.Sequencer
	hub *realtime.Hub
	url string

	stopHub func()

	mu       sync.Mutex
	visitors map[string]realtime.Visitor
}

func open(t *testing.T, o realtime.Options) *floor {
	t.Helper()
	return openOn(t, pgtest.New(t), o)
}

func openOn(t *testing.T, db *postgres.DB, o realtime.Options) *floor {
	t.Helper()
	return openBeside(t, db, redistest.New(t), o)
}

// openBeside opens a node on the engines of another.
func openBeside(t *testing.T, db *postgres.DB, rdb redis.UniversalClient, o realtime.Options) *floor {
	t.Helper()
	f := prepare(t, db, rdb, o)
	f.run("sequencer", f.seq.Run)
	f.begin()
	return f
}

// prepare makes a node that hears what happens, numbers nothing and tells nobody yet.
func prepare(t *testing.T, db *postgres.DB, rdb redis.UniversalClient, o realtime.Options) *floor {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	l := event.NewLog(db, rdb, quiet)
	f := &floor{t: t, db: db, log: l, seq: event.NewSequencer(l), hub: realtime.New(db, l, quiet, o),
		visitors: map[string]realtime.Visitor{}}
	here := presence.New(rdb, []byte(t.Name()), quiet)
	here.Listen(f.hub.LookAgain)
	f.hub.Attend(here)
	f.run("presence", here.Run)
	f.run("log", l.Run)
	upgrader := websocket.Upgrader{ReadBufferSize: 512, WriteBufferSize: 4096, WriteBufferPool: &sync.Pool{},
		CheckOrigin: func(*http.Request) bool { return true }}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		v, known := f.visitors[r.URL.Query().Get("as")]
		f.mu.Unlock()
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil || !known {
			return
		}
		f.hub.Serve(r.Context(), conn, v)
	}))
	t.Cleanup(srv.Close)
	f.url = "ws" + strings.TrimPrefix(srv.URL, "http")
	return f
}

// begin lets the node tell whoever connects.
func (f *floor) begin() {
	f.t.Helper()
	f.stopHub = f.run("hub", f.hub.Run)
	f.until("the hub has loaded", func() bool { return f.hub.Position().Epoch != "" })
}

// run starts a part, which ends with the test or by the returned func.
func (f *floor) run(what string, part func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(f.t.Context())
	done := make(chan error, 1)
	go func() { done <- part(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				f.t.Errorf("%s ended with %v", what, err)
			}
		case <-time.After(20 * time.Second):
			f.t.Errorf("%s did not end", what)
		}
	})
	f.t.Cleanup(stop)
	return stop
}

func (f *floor) until(what string, cond func() bool) {
	f.t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-tick.C:
		case <-deadline:
			f.t.Fatalf("in vain: %s", what)
		}
	}
}

// message is one item of a frame.
type message struct {
	ID       string          `json:"id"`
	Kind     string          `json:"kind"`
	TicketID int64           `json:"ticket_id"`
	Version  int             `json:"version"`
	Count    int             `json:"count"`
	Counts   realtime.Counts `json:"counts"`
	Row      *struct {
		ID      int64  `json:"id"`
		Version int    `json:"version"`
		Subject string `json:"subject"`
	} `json:"row"`

	raw   string
	frame int       // number of its frame
	at    time.Time // when it came
}

// agent is a browser that notes what it is told.
type agent struct {
	t      *testing.T
	conn   *websocket.Conn
	mu     sync.Mutex
	heard  []message
	frames int
	ended  error
}

// dial connects raw, without reading.
func (f *floor) dial(v realtime.Visitor) *websocket.Conn {
	f.t.Helper()
	f.mu.Lock()
	key := fmt.Sprint(len(f.visitors))
	f.visitors[key] = v
	f.mu.Unlock()
	conn, _, err := websocket.DefaultDialer.DialContext(f.t.Context(), f.url+"/?as="+key, nil)
	if err != nil {
		f.t.Fatalf("connect: %v", err)
	}
	f.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func (f *floor) connect(v realtime.Visitor) *agent {
	f.t.Helper()
	a := &agent{t: f.t, conn: f.dial(v)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			_, data, err := a.conn.ReadMessage()
			a.mu.Lock()
			if err != nil {
				a.ended = err
				a.mu.Unlock()
				return
			}
			var items []json.RawMessage
			if err := json.Unmarshal(data, &items); err != nil {
				f.t.Errorf("a frame is no array: %s", data)
			}
			for _, raw := range items {
				m := message{raw: string(raw), frame: a.frames, at: time.Now()}
				if err := json.Unmarshal(raw, &m); err != nil {
					f.t.Errorf("an item cannot be read: %s", raw)
				}
				a.heard = append(a.heard, m)
			}
			a.frames++
			a.mu.Unlock()
		}
	}()
	f.t.Cleanup(func() { _ = a.conn.Close(); <-done })
	f.until("hello", func() bool { return len(a.all()) > 0 || a.code() != 0 })
	return a
}

// all gives what was heard so far.
func (a *agent) all() []message {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]message(nil), a.heard...)
}

// events gives what was heard about tickets: events and gone.
func (a *agent) events() (list []message) {
	for _, m := range a.all() {
		if m.TicketID != 0 {
			list = append(list, m)
		}
	}
	return list
}

func (a *agent) of(kind string) (list []message) {
	for _, m := range a.all() {
		if m.Kind == kind {
			list = append(list, m)
		}
	}
	return list
}

// code is what the connection was closed with; 0 while it is open, -1 without a code.
func (a *agent) code() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return codeOf(a.ended)
}

func codeOf(err error) int {
	if err == nil {
		return 0
	}
	if c, ok := err.(*websocket.CloseError); ok && c.Code != websocket.CloseAbnormalClosure {
		return c.Code
	}
	return -1
}

// last is the newest position heard.
func (a *agent) last() string {
	all := a.all()
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].ID != "" {
			return all[i].ID
		}
	}
	return ""
}

// account adds somebody who may be made the assignee of tickets.
func (f *floor) account(role access.Role, teams ...int64) access.Actor {
	f.t.Helper()
	a := access.Actor{Name: "Pessoa", Role: role, Teams: teams}
	err := f.db.Gorm.Raw(`INSERT INTO accounts (email, name, role, password_hash)
	  VALUES (gen_random_uuid() || '@example.com', 'Pessoa', ?, '-') RETURNING id`, string(role)).Scan(&a.AccountID).Error
	if err != nil {
		f.t.Fatal(err)
	}
	return a
}

func (f *floor) team(name string) (id int64) {
	f.t.Helper()
	if err := f.db.Gorm.Raw(`INSERT INTO teams (name) VALUES (?) RETURNING id`, name).Scan(&id).Error; err != nil {
		f.t.Fatal(err)
	}
	return id
}

// change changes a ticket as the desk does, and pokes.
func (f *floor) change(id int64, fn func(*ticket.Ticket)) ticket.Ticket {
	f.t.Helper()
	tk, err := f.tryChange(id, fn)
	if err != nil {
		f.t.Fatal(err)
	}
	return tk
}

// tryChange is change for a goroutine, which must not end the test.
func (f *floor) tryChange(id int64, fn func(*ticket.Ticket)) (tk ticket.Ticket, err error) {
	err = f.db.InTx(f.t.Context(), func(tx *gorm.DB) (err error) {
		tk, err = ticket.Change(f.t.Context(), tx, id, ticket.Cause{Kind: event.TicketChanged, At: time.Now()},
			func(t *ticket.Ticket) error { fn(t); return nil })
		return err
	})
	if err != nil {
		return tk, fmt.Errorf("change ticket %d: %w", id, err)
	}
	f.seq.Poke()
	return tk, nil
}

// touch changes nothing but the version.
func touch(*ticket.Ticket) {}

// connections is how many the hub has, as its metric says.
func (f *floor) connections() int {
	f.t.Helper()
	reg := prometheus.NewRegistry()
	reg.MustRegister(f.hub.Collectors()...)
	families, err := reg.Gather()
	if err != nil {
		f.t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == "escuta_live_connections" {
			return int(family.GetMetric()[0].GetGauge().GetValue())
		}
	}
	f.t.Fatal("no metric of the connections")
	return 0
}
