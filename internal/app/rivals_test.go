package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// history is what everybody did and was told, with the instants between which it
// happened.
type history struct {
	mu    sync.Mutex
	began time.Time
	over  chan struct{} // closed when nobody acts any more
	ops   []porcupine.Operation
}

func (h *history) note(who int, a act, call time.Time, got outcome) {
	end := time.Since(h.began).Nanoseconds()
	if got.code == "unknown" {
		end = math.MaxInt64 // it may still happen
	}
	h.mu.Lock()
	h.ops = append(h.ops, porcupine.Operation{ClientId: who, Input: a, Call: call.Sub(h.began).Nanoseconds(), Output: got, Return: end})
	h.mu.Unlock()
}

// goesOn waits until so many more acts were noted, or nobody acts any more.
func (h *history) goesOn(t testing.TB, more int) {
	t.Helper()
	length := func() int {
		h.mu.Lock()
		defer h.mu.Unlock()
		return len(h.ops)
	}
	until := length() + more
	eventually(t, "see the fight go on", func() error {
		select {
		case <-h.over:
			return nil
		default:
		}
		if n := length(); n < until {
			return fmt.Errorf("%d of %d acts", n, until)
		}
		return nil
	})
}

// rival is an agent or a supervisor who fights for tickets through any node.
type rival struct {
	colleague
	number int
	super  bool
	dice   *rand.Rand
	fences map[int64]int64
	seen   map[int64]int
	said   map[string]bool // by text: whether it was confirmed
}

// patience is how long a rival waits for an answer.
const patience = 4 * time.Second

// do does something to a ticket, and notes what it was told.
func (r *rival) do(t testing.TB, h *history, c *cluster, a act, text string) {
	path, body := fmt.Sprintf("/api/tickets/%d/", a.ticket), map[string]any{}
	switch a.what {
	case "claim":
		path += "claim"
	case "take_over":
		path += "claim"
		body = map[string]any{"take_over": true, "reason": "Sem resposta há muito tempo"}
	case "release":
		path += "release"
	case "renew":
		path += "lease"
		body = map[string]any{"fence": a.fence}
	case "reply":
		path += "replies"
		body = map[string]any{"body": text, "fence": a.fence, "seen_version": a.seen}
		r.said[text] = false
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	call := time.Now()
	status, answer, err := r.post(ctx, c.nodes[r.dice.IntN(len(c.nodes))], path, body)
	if dialled := new(net.OpError); errors.As(err, &dialled) && dialled.Op == "dial" {
		return // nobody was asked
	}
	got, fresh := understood(t, a, status, answer, err)
	h.note(r.number, a, call, got)
	if fresh.fence > 0 {
		r.fences[a.ticket] = fresh.fence
	}
	if fresh.version > 0 {
		r.seen[a.ticket] = fresh.version
	}
	if a.what == "reply" && got.code == "" {
		r.said[text] = true
	}
}

// understood reads an answer. What is no answer to the question is no answer:
// nobody knows then whether it was done.
func understood(t testing.TB, a act, status int, body []byte, err error) (got, fresh outcome) {
	var answer struct {
		Code   string
		Holder struct{ ID int64 }
		Ticket struct{ Version int }
		Lease  struct{ Fence int64 }
	}
	if err != nil || status >= http.StatusInternalServerError || status == http.StatusRequestTimeout || json.Unmarshal(body, &answer) != nil {
		return outcome{code: "unknown"}, outcome{}
	}
	switch {
	case status < 300:
		fresh = outcome{fence: answer.Lease.Fence, version: answer.Ticket.Version}
		if a.what == "renew" {
			fresh.fence = 0
		}
		return outcome{fence: fresh.fence, version: fresh.version}, fresh
	case status == http.StatusConflict || status == http.StatusForbidden:
		return outcome{code: answer.Code, holder: answer.Holder.ID}, outcome{}
	}
	t.Errorf("%+v: %d %s", a, status, body)
	return outcome{code: "unknown"}, outcome{}
}

// fight lets a rival do what it likes until the end.
func (r *rival) fight(t testing.TB, h *history, c *cluster, tickets []int64, round int) {
	for n := range 60 {
		a := act{ticket: tickets[r.dice.IntN(len(tickets))], who: r.id, super: r.super}
		fence, has := r.fences[a.ticket]
		a.fence, a.seen = max(fence, 1), max(r.seen[a.ticket], 1)
		switch dice := r.dice.IntN(10); {
		case has && dice < 5:
			a.what = "reply"
		case has && dice < 6:
			a.what = "renew"
		case has && dice < 8:
			a.what = "release"
			delete(r.fences, a.ticket)
		case r.super && dice == 9:
			a.what = "take_over"
		default:
			a.what = "claim"
		}
		r.do(t, h, c, a, fmt.Sprintf("resposta %d de %d na rodada %d", n, r.id, round))
	}
}
