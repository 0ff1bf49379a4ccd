package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// receipt is what a customer holds in hands after a 201.
type receipt struct {
	Protocol string `json:"protocol"`
	Token    string `json:"access_token"`
}

// submission is one thing that a customer wants to be sure of.
type submission struct {
	key, path string
	token     string // of the ticket that it goes on with
	body      map[string]string
}

// opening is the body of a new ticket. Some senders are the same again, so that
// writers meet at their identities.
func opening(sender int, text string) map[string]string {
	return map[string]string{
		"name": "Cliente", "email": fmt.Sprintf("cliente%d@casa.example", sender),
		"kind": "reclamacao", "subject": "Pedido que não chegou", "body": text,
	}
}

// crowd is customers who send, and send again until they are told that it has
// arrived. Everything they send says its key, so that it is recognised anywhere.
type crowd struct {
	t      testing.TB
	server *server
	stop   chan struct{}
	all    sync.WaitGroup
	pace   *time.Ticker

	mu       sync.Mutex
	sent     map[string]submission
	accepted map[string]receipt
	newest   string         // protocol
	trouble  map[string]int // answers that made somebody try again
	more     *sync.Cond
}

// gather lets n customers begin.
func gather(t testing.TB, s *server, n int, seed uint64) *crowd {
	c := &crowd{
		t: t, server: s, stop: make(chan struct{}), pace: time.NewTicker(2 * time.Millisecond),
		sent: map[string]submission{}, accepted: map[string]receipt{}, trouble: map[string]int{},
	}
	c.more = sync.NewCond(&c.mu)
	for i := range n {
		c.all.Go(func() { c.customer(i, rand.New(rand.NewPCG(seed, uint64(i)))) })
	}
	return c
}

func (c *crowd) customer(id int, dice *rand.Rand) {
	for n := 0; ; n++ {
		select {
		case <-c.stop:
			return
		case <-c.pace.C:
		}
		key := fmt.Sprintf("k%d-%d", id, n)
		sender := dice.IntN(40)
		if dice.IntN(3) > 0 {
			sender = 1000*(id+1) + n
		}
		first := submission{key: key, path: "/api/public/tickets", body: opening(sender, key)}
		got, ok := c.send(first)
		if ok && dice.IntN(4) == 0 {
			c.send(submission{
				key: key + "-more", path: "/api/public/tickets/" + got.Protocol + "/messages", token: got.Token,
				body: map[string]string{"body": key + "-more"},
			})
		}
		if dice.IntN(8) == 0 { // did it really arrive?
			c.send(first)
		}
	}
}

// send tries until it is accepted. What the answer was is compared with what it
// has been before.
func (c *crowd) send(s submission) (receipt, bool) {
	c.mu.Lock()
	c.sent[s.key] = s
	c.mu.Unlock()
	patience, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	for {
		got, again, err := c.post(patience, s)
		switch {
		case err == nil:
			return got, c.note(s.key, got)
		case !again || patience.Err() != nil:
			c.t.Errorf("%s is not accepted: %v", s.key, err)
			return receipt{}, false
		}
		c.mu.Lock()
		c.trouble[err.Error()]++
		c.mu.Unlock()
		select {
		case <-patience.Done():
		case <-time.After(20 * time.Millisecond): // a customer's pause before trying again
		}
	}
}

// refusal is an answer that asks to come back later.
type refusal int

func (r refusal) Error() string { return http.StatusText(int(r)) }

func (c *crowd) post(ctx context.Context, s submission) (got receipt, again bool, err error) {
	header := http.Header{"Idempotency-Key": {s.key}}
	if s.token != "" {
		header.Set("X-Access-Token", s.token)
	}
	status, body, err := call(ctx, http.MethodPost, c.server.at("http", s.path), header, s.body)
	switch {
	case err != nil:
		return got, true, errNoAnswer
	case status == http.StatusCreated:
		return got, false, json.Unmarshal(body, &got)
	case status == http.StatusServiceUnavailable || status == http.StatusRequestTimeout:
		return got, true, refusal(status)
	}
	return got, false, fmt.Errorf("%d %s", status, body)
}

var errNoAnswer = errors.New("no answer")

func (c *crowd) note(key string, got receipt) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if before, known := c.accepted[key]; known && before != got {
		c.t.Errorf("%s: the answer was %v and is %v", key, before, got)
		return false
	}
	c.accepted[key], c.newest = got, got.Protocol
	c.more.Broadcast()
	return true
}

// last is the ticket that was accepted last.
func (c *crowd) last() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.newest
}

// accept waits until n more submissions are accepted.
func (c *crowd) accept(n int) {
	c.t.Helper()
	late := time.AfterFunc(90*time.Second, c.more.Broadcast)
	defer late.Stop()
	deadline := time.Now().Add(90 * time.Second)
	c.mu.Lock()
	defer c.mu.Unlock()
	for want := len(c.accepted) + n; len(c.accepted) < want; c.more.Wait() {
		if !time.Now().Before(deadline) {
			c.t.Fatalf("nobody is served any more; what they were told: %v", c.trouble)
		}
	}
}

// leave lets everybody finish what they have begun.
func (c *crowd) leave() {
	close(c.stop)
	c.all.Wait()
	c.pace.Stop()
	c.t.Logf("%d submissions; told to come back: %v", len(c.accepted), c.trouble)
}

// repeat sends some of what was accepted once more, a few at a time.
func (c *crowd) repeat(most int) {
	var some sync.WaitGroup
	turns := make(chan struct{}, 8)
	all := slices.Collect(maps.Values(c.sent)) // sending again writes there
	for _, s := range all[:min(most, len(all))] {
		turns <- struct{}{}
		some.Go(func() {
			c.send(s)
			<-turns
		})
	}
	some.Wait()
}
