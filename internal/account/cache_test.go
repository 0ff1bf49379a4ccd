package account

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
)

// registry is PostgreSQL as the cache sees it, for one account.
type registry struct {
	change int64
	role   access.Role
	gone   bool
	during func() // happens while an answer is under way
}

func (r *registry) changed(_ context.Context, since int64) (map[int64]bool, int64, error) {
	accounts, last := map[int64]bool{}, since
	if r.change > since {
		accounts[7], last = true, r.change
	}
	r.meanwhile()
	return accounts, last, nil
}

func (r *registry) find(context.Context, cacheKey, time.Time) (grant, error) {
	g, gone := grant{actor: access.Actor{AccountID: 7, Role: r.role}}, r.gone
	r.meanwhile()
	if gone {
		return grant{}, ErrSession
	}
	return g, nil
}

func (r *registry) meanwhile() {
	if during := r.during; during != nil {
		r.during = nil
		during()
	}
}

func TestAnAnswerFromBeforeAChangeIsNotRemembered(t *testing.T) {
	r := &registry{role: access.Admin}
	c := newCache(r.changed)
	role := func() access.Role {
		g, err := c.get(t.Context(), cacheKey{}, noon, r.find)
		if err != nil {
			t.Fatal(err)
		}
		return g.actor.Role
	}
	if err := c.refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	// While the session is being read, its account changes and this node hears of it.
	r.during = func() {
		r.role, r.change = access.Agent, 1
		c.recheck()
		if err := c.refresh(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if got := role(); got != access.Admin {
		t.Errorf("read before the change: %q", got)
	}
	if got := role(); got != access.Agent {
		t.Errorf("after the change: %q", got)
	}
}

func TestAQuestionAskedBeforeARevocationDoesNotAnswerForIt(t *testing.T) {
	r := &registry{role: access.Agent}
	c := newCache(r.changed)
	if _, err := c.get(t.Context(), cacheKey{}, noon, r.find); err != nil {
		t.Fatal(err)
	}
	c.recheck()
	// While somebody asks what changed, the session is ended on this node.
	r.during = func() {
		r.gone, r.change = true, 1
		c.recheck()
	}
	if _, err := c.get(t.Context(), cacheKey{}, noon, r.find); err != nil {
		t.Errorf("asked before: %v", err)
	}
	if _, err := c.get(t.Context(), cacheKey{}, noon, r.find); !errors.Is(err, ErrSession) {
		t.Errorf("asked after: %v", err)
	}
}

func TestWhoGivesUpWaitingLeavesTheQuestionToOthers(t *testing.T) {
	r := &registry{role: access.Agent}
	c := newCache(r.changed)
	c.asking <- struct{}{} // somebody asks, and PostgreSQL is slow
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.get(ctx, cacheKey{}, noon, r.find); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
	<-c.asking
	if _, err := c.get(t.Context(), cacheKey{}, noon, r.find); err != nil {
		t.Error(err)
	}
}
