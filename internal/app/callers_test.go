package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/escuta-sac/escuta/internal/channel/phone"
)

// callers are people on the telephone: agents who open notes of their calls, and an
// exchange that tells of calls by its events, in any order and now and then twice.
// Both say a thing again until they are told that it was taken in.
type callers struct {
	t      testing.TB
	server *server
	agent  colleague
	line   int64
	secret []byte
	stop   chan struct{}
	all    sync.WaitGroup

	mu      sync.Mutex
	notes   map[string]string // by what the note says: the protocol that was read aloud
	events  map[string]bool   // by their ids
	calls   map[string]int    // of the exchange, by their ids: how many events each has
	trouble map[string]int
}

// dial makes a line, and lets one agent and the exchange begin.
func dial(t testing.TB, s *server, admin, agent colleague, pause time.Duration, seed uint64) *callers {
	t.Helper()
	status, body, err := admin.post(t.Context(), s, "/api/lines", map[string]string{"number": "0800 123 4567", "name": "SAC"})
	var line struct {
		ID     int64
		Secret string
	}
	if err == nil {
		err = json.Unmarshal(body, &line)
	}
	if err != nil || status != http.StatusCreated {
		t.Fatalf("make the line: %d %s %v", status, body, err)
	}
	c := &callers{t: t, server: s, agent: agent, line: line.ID, secret: []byte(line.Secret), stop: make(chan struct{}),
		notes: map[string]string{}, events: map[string]bool{}, calls: map[string]int{}, trouble: map[string]int{}}
	c.all.Go(func() { c.repeat(pause, func(n int) { c.note(n) }) })
	dice := rand.New(rand.NewPCG(seed, 3000))
	c.all.Go(func() { c.repeat(pause, func(n int) { c.ring(n, dice) }) })
	return c
}

func (c *callers) repeat(pause time.Duration, do func(n int)) {
	for n := 0; ; n++ {
		select {
		case <-c.stop:
			return
		case <-time.After(pause):
		}
		do(n)
	}
}

// leave lets everybody finish what they have begun.
func (c *callers) leave() {
	close(c.stop)
	c.all.Wait()
}

// count is how many notes and events were taken in.
func (c *callers) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.notes) + len(c.events)
}

// note opens a call by hand.
func (c *callers) note(n int) {
	key := fmt.Sprintf("nota%d", n)
	var got receipt
	ok := c.insist(key, func(ctx context.Context) (int, []byte, error) {
		header := c.agent.header()
		header.Set("Idempotency-Key", key)
		return call(ctx, http.MethodPost, c.server.at("http", "/api/calls"), header, map[string]string{"line": "0800 123 4567", "note": key})
	}, http.StatusCreated, &got)
	if !ok {
		return
	}
	c.mu.Lock()
	c.notes[key] = got.Protocol
	c.mu.Unlock()
}

// ring is a call that the exchange tells of.
func (c *callers) ring(n int, dice *rand.Rand) {
	id := fmt.Sprintf("chamada%d", n)
	began := time.Now().UTC()
	var told []map[string]any
	for i, kind := range []phone.EventKind{phone.Queued, phone.Ringing, phone.Answered, phone.HungUp, phone.RecordingReady} {
		event := map[string]any{"id": fmt.Sprintf("%s-%s", id, kind), "event": kind, "call": id, "at": began.Add(time.Duration(i) * time.Second),
			"caller": fmt.Sprintf("+55119%08d", n)}
		if kind == phone.RecordingReady {
			event["recording"] = "https://gravador.example/" + id
		}
		told = append(told, event)
	}
	if dice.IntN(3) == 0 {
		dice.Shuffle(len(told), func(i, j int) { told[i], told[j] = told[j], told[i] })
	}
	if dice.IntN(4) == 0 {
		told = append(told, told[dice.IntN(len(told))])
	}
	for _, event := range told {
		body, err := json.Marshal(event)
		if err != nil {
			c.t.Error(err)
			return
		}
		key := event["id"].(string)
		if !c.insist(key, func(ctx context.Context) (int, []byte, error) { return c.tell(ctx, body) }, http.StatusAccepted, nil) {
			return
		}
		c.mu.Lock()
		if !c.events[key] {
			c.calls[id]++
		}
		c.events[key] = true
		c.mu.Unlock()
	}
}

// tell signs an event as of now and hands it over.
func (c *callers) tell(ctx context.Context, body []byte) (int, []byte, error) {
	header := http.Header{"X-Escuta-Signature": {phone.Sign(c.secret, body, time.Now())}}
	return call(ctx, http.MethodPost, c.server.at("http", fmt.Sprintf("/api/hooks/pbx/%d", c.line)), header, json.RawMessage(bytes.Clone(body)))
}

// insist tries until the answer is the one that says it was taken in.
func (c *callers) insist(key string, try func(context.Context) (int, []byte, error), want int, into any) bool {
	// Longer than the two minutes for which a key belongs to a process that died.
	patience, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	defer cancel()
	for {
		status, body, err := try(patience)
		if err == nil && status == want {
			if into != nil {
				err = json.Unmarshal(body, into)
			}
			if err != nil {
				c.t.Errorf("%s: %v", key, err)
			}
			return err == nil
		}
		again := err != nil || status == http.StatusServiceUnavailable || status == http.StatusRequestTimeout ||
			status == http.StatusConflict && strings.Contains(string(body), "idempotency")
		if !again || patience.Err() != nil {
			c.t.Errorf("%s is not taken in: %d %s %v", key, status, body, err)
			return false
		}
		c.mu.Lock()
		if err != nil {
			err = errNoAnswer
		} else {
			err = refusal(status)
		}
		c.trouble[err.Error()]++
		c.mu.Unlock()
		select {
		case <-patience.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// kept looks in the database for every note and event that was taken in: a note is
// one call with its words under the protocol that was read aloud; an event stands in
// the ledger once; the events of a call are one call on one ticket, ended and with
// its recording. And nothing else came by phone.
func (c *callers) kept(db *pgxpool.Pool) {
	c.t.Helper()
	rows, err := db.Query(c.t.Context(), `SELECT c.note, p.protocol, coalesce(c.pbx_call, ''), c.ended_at IS NOT NULL OR c.duration IS NOT NULL,
		coalesce(r.reference, '') FROM calls c JOIN protocols p ON p.protocol = c.protocol AND p.ticket_id = c.ticket_id
		LEFT JOIN recordings r ON r.contact_id = c.contact_id`)
	if err != nil {
		c.t.Fatal(err)
	}
	notes, rung := map[string]string{}, map[string]int{}
	var note, protocol, id, recording string
	var ended bool
	_, err = pgx.ForEachRow(rows, []any{&note, &protocol, &id, &ended, &recording}, func() error {
		if id == "" {
			if _, twice := notes[note]; twice {
				c.t.Errorf("%s is two calls", note)
			}
			notes[note] = protocol
			return nil
		}
		if rung[id]++; rung[id] > 1 || !ended || recording != "https://gravador.example/"+id {
			c.t.Errorf("%s is %d calls; ended: %v; recording %q", id, rung[id], ended, recording)
		}
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
	for key, told := range c.notes {
		if notes[key] != told {
			c.t.Errorf("%s was told %q and is %q", key, told, notes[key])
		}
	}
	if len(notes) != len(c.notes) || len(rung) != len(c.calls) {
		c.t.Errorf("%d notes are %d calls, %d calls of the exchange are %d", len(c.notes), len(notes), len(c.calls), len(rung))
	}
	var events, calls, tickets int
	query(c.t, db, `SELECT count(*) FILTER (WHERE source_key LIKE 'pbx:%'), count(*) FILTER (WHERE source_key LIKE 'call%'),
		(SELECT count(*) FROM tickets WHERE channel = 'phone') FROM intake_ledger WHERE channel = 'phone'`, nil, &events, &calls, &tickets)
	if events != len(c.events) || calls != len(c.notes) || tickets != len(c.notes)+len(c.calls) {
		c.t.Errorf("%d events and %d notes became %d and %d rows of the ledger; there are %d tickets", len(c.events), len(c.notes), events, calls, tickets)
	}
	c.t.Logf("%d notes, %d events of %d calls; told to come back: %v", len(c.notes), len(c.events), len(c.calls), c.trouble)
}
