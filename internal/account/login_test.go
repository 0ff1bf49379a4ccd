package account

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
)

func TestAnUnknownEmailAWrongPasswordAndAnInactiveAccountGetOneAnswer(t *testing.T) {
	o := newOffice(t)
	o.hire(t, "ana@exemplo.com", access.Agent)
	gone := o.hire(t, "saiu@exemplo.com", access.Agent)
	if _, err := o.Update(t.Context(), gone.ID, Change{Active: ptr(false)}); err != nil {
		t.Fatal(err)
	}
	took := map[string][]time.Duration{}
	for i := range 5 { // each guess from another place, so that none is throttled
		for what, try := range map[string][2]string{
			"wrong":     {"ana@exemplo.com", "outra frase qualquer"},
			"unknown":   {"ninguem@exemplo.com", password},
			"inactive":  {"saiu@exemplo.com", password},
			"malformed": {"a\x00b\xff", password},
			"endless":   {"ana@exemplo.com", string(make([]byte, 1<<20))},
		} {
			start := time.Now()
			_, err := o.Authenticate(t.Context(), try[0], try[1], fmt.Sprintf("192.0.2.%d", i))
			took[what] = append(took[what], time.Since(start))
			if f := fault.From(err); f.Code != ErrCredentials.Code || f.Kind != fault.Unauthorized || len(f.Args)+len(f.Details) > 0 {
				t.Fatalf("%s: %v", what, err)
			}
		}
	}
	// Without the hash of nobody an unknown e-mail answers some thirty times sooner.
	slices.Sort(took["wrong"])
	for what, times := range took {
		if slices.Sort(times); times[2]*3 < took["wrong"][2] {
			t.Errorf("%s takes %v, a wrong password %v", what, times[2], took["wrong"][2])
		}
	}
}

// attacks.md 69: one address, one account, all guesses at once.
func TestAttack69GuessesAtOnceDoNotPassTogether(t *testing.T) {
	o := newOffice(t)
	o.hire(t, "ana@exemplo.com", access.Agent)
	nodes := []*Service{o.Service, o.node()}
	var compared, refused atomic.Int64
	together(40, func(i int) {
		_, err := nodes[i%2].Authenticate(t.Context(), "ana@exemplo.com", "palpite número "+fmt.Sprint(i), "192.0.2.9")
		switch f := fault.From(err); {
		case errors.Is(err, ErrCredentials):
			compared.Add(1)
		case errors.Is(err, ErrThrottled) && f.RetryAfter >= time.Second && f.Args["n"] == int64(f.RetryAfter/time.Second):
			refused.Add(1)
		default:
			t.Error(err)
		}
	})
	// The free ones, and the one that closes the door behind it.
	if compared.Load() != newPlace.free+1 || refused.Load() != 40-newPlace.free-1 {
		t.Errorf("%d compared, %d refused", compared.Load(), refused.Load())
	}
}

// attacks.md 69: the account is tried from everywhere; its owner still gets in from the usual place.
func TestAttack69RotatingAddressesSlowDownAndTheVictimStillLogsIn(t *testing.T) {
	o := newOffice(t)
	ana := o.hire(t, "ana@exemplo.com", access.Agent)
	o.enter(t, ana, "203.0.113.5")
	compared := 0
	for i := range 40 {
		_, err := o.Authenticate(t.Context(), ana.Email, "palpite de robô", fmt.Sprintf("2001:db8:%x::1", i))
		if errors.Is(err, ErrCredentials) {
			compared++
		} else if !errors.Is(err, ErrThrottled) {
			t.Fatal(err)
		}
	}
	if int64(compared) != perAccount.free+1 {
		t.Errorf("%d guesses from 40 addresses were compared", compared)
	}
	o.enter(t, ana, "203.0.113.5")
	// From a new place the owner waits no longer than a minute.
	o.clock.advance(perAccount.most)
	o.enter(t, ana, "198.51.100.7")
}

// attacks.md 69: the attacker sits behind the victim's own address.
func TestAttack69GuessesFromTheUsualPlaceDelayTheVictimByHalfAMinuteAtMost(t *testing.T) {
	o := newOffice(t)
	ana := o.hire(t, "ana@exemplo.com", access.Agent)
	o.enter(t, ana, "203.0.113.5")
	for range 30 {
		_, err := o.Authenticate(t.Context(), ana.Email, "palpite do vizinho", "203.0.113.5")
		if errors.Is(err, ErrThrottled) {
			o.clock.advance(fault.From(err).RetryAfter)
		}
	}
	o.clock.advance(usualPlace.most)
	o.enter(t, ana, "203.0.113.5")
}

func TestLogInsAreThrottledWithoutRedis(t *testing.T) {
	o := newOffice(t)
	engine := redistest.Start(t)
	s := NewService(o.db, engine.Client(), o.clock.now, slog.New(slog.NewTextHandler(io.Discard, nil)))
	ana := o.hire(t, "ana@exemplo.com", access.Agent)

	engine.Kill()
	for i := range newPlace.free + 2 {
		_, err := s.Authenticate(t.Context(), ana.Email, "palpite qualquer", "192.0.2.1")
		if want := i > newPlace.free; errors.Is(err, ErrThrottled) != want {
			t.Fatalf("guess %d without Redis: %v", i+1, err)
		}
	}
	if !s.throttle.alone.Load() {
		t.Error("does not know that Redis is away")
	}
	if _, err := s.Authenticate(t.Context(), ana.Email, password, "192.0.2.2"); err != nil {
		t.Errorf("right password without Redis: %v", err)
	}
	engine.Start()
	within(t, 10*time.Second, "back to Redis", func() bool {
		if _, err := s.Authenticate(t.Context(), ana.Email, password, "192.0.2.3"); err != nil {
			t.Fatal(err)
		}
		return !s.throttle.alone.Load()
	})
}

func TestWhoGivesUpIsNotCounted(t *testing.T) {
	o := newOffice(t)
	ana := o.hire(t, "ana@exemplo.com", access.Agent)
	for range cap(o.hasher.running) { // nobody else gets a turn
		o.hasher.running <- struct{}{}
	}
	for range newPlace.free + 3 {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		if _, err := o.Authenticate(ctx, ana.Email, password, "192.0.2.1"); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		cancel()
	}
	for range cap(o.hasher.running) {
		<-o.hasher.running
	}
	o.enter(t, ana, "192.0.2.1")
}

func TestLogInsAtOnceAllSucceed(t *testing.T) {
	o := newOffice(t)
	ana := o.hire(t, "ana@exemplo.com", access.Agent)
	o.enter(t, ana, "192.0.2.1")
	nodes := []*Service{o.Service, o.node()}
	tokens := make([]string, usualPlace.free)
	together(len(tokens), func(i int) {
		a, err := nodes[i%2].Authenticate(t.Context(), ana.Email, password, "192.0.2.1")
		if err != nil {
			t.Error(err)
			return
		}
		if tokens[i], _, err = nodes[i%2].Open(t.Context(), a, Client{IP: "192.0.2.1"}, ""); err != nil {
			t.Error(err)
		}
	})
	for i, token := range tokens {
		if actor, _, err := nodes[(i+1)%2].Resolve(t.Context(), token); err != nil || actor.AccountID != ana.ID {
			t.Errorf("session %d on the other node: %+v, %v", i, actor, err)
		}
	}
	slices.Sort(tokens)
	if n := len(slices.Compact(tokens)); n != int(usualPlace.free) {
		t.Errorf("%d different tokens", n)
	}
}
