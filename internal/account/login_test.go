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

	"pgregory.net/rapid"

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

func TestSprayingManyAccountsFromOneAddressIsSlowedDown(t *testing.T) {
	own := newOwnGuesses()
	admitted := 0
	for i := range 2000 {
		g := newGuess(fmt.Sprintf("vitima%d@exemplo.com", i), "192.0.2.66", false)
		if wait, _ := own.admit(t.Context(), &g, noon); wait == 0 {
			admitted++
		}
	}
	if int64(admitted) != perAddress.free+1 {
		t.Errorf("%d admitted", admitted)
	}
}

func TestOwnLogInsDoNotWashGuessesAway(t *testing.T) {
	o := newOffice(t)
	mallory := o.hire(t, "mallory@exemplo.com", access.Agent)
	own := o.throttle.own
	from := placeOf("192.0.2.66")
	for range perAddress.free {
		g := newGuess("vitima@exemplo.com", from, false)
		g.buckets = g.buckets[1:2] // the address alone
		if wait, _ := own.admit(t.Context(), &g, noon); wait != 0 {
			t.Fatal("closed too early")
		}
		g = newGuess(mallory.Email, from, false)
		if wait, _ := own.admit(t.Context(), &g, noon); wait != 0 {
			break
		}
		_ = own.settle(t.Context(), g, true)
	}
	g := newGuess("vitima@exemplo.com", from, false)
	_, _ = own.admit(t.Context(), &g, noon)
	if c := own.buckets[g.buckets[1].key]; c.n != perAddress.free+1 {
		t.Errorf("the address stands at %d", c.n)
	}
}

func TestPlaces(t *testing.T) {
	for ip, want := range map[string]place{
		"192.0.2.1":            "192.0.2.1",
		"::ffff:192.0.2.1":     "192.0.2.1",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
		"2001:db8:1:2::99":     "2001:db8:1:2::/64",
		"fe80::1%eth0":         "fe80::/64",
		"":                     "unknown",
		"192.0.2.1, 10.0.0.1":  "unknown",
		"\xff":                 "unknown",
	} {
		if got := placeOf(ip); got != want {
			t.Errorf("placeOf(%q) = %q, want %q", ip, got, want)
		}
	}
}

// step is one thing that happens to a throttle in a generated story.
type step struct {
	who, from int
	usual     bool
	success   bool
	pause     time.Duration
}

func steps(t *rapid.T) []step {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
		return step{
			who:     rapid.IntRange(0, 1).Draw(t, "who"),
			from:    rapid.IntRange(0, 2).Draw(t, "from"),
			usual:   rapid.Bool().Draw(t, "usual"),
			success: rapid.IntRange(0, 9).Draw(t, "success") == 0,
			pause:   time.Duration(rapid.SampledFrom([]int{0, 0, 0, 1, 999, 1000, 5000, 30000}).Draw(t, "pause ms")) * time.Millisecond,
		}
	}), 1, 60).Draw(t, "steps")
}

// Two homes, one rule: what Redis and a node on its own answer is the same.
func TestThrottleInRedisAndInMemoryAgree(t *testing.T) {
	shared := sharedGuesses{redistest.New(t)}
	var story int
	rapid.Check(t, func(rt *rapid.T) {
		story++
		own, now := newOwnGuesses(), noon
		for i, s := range steps(rt) {
			now = now.Add(s.pause)
			// Small limits of free guesses, so that short stories reach the waits.
			g := newGuess(fmt.Sprintf("%d-%d", story, s.who), place(fmt.Sprintf("%d-%d", story, s.from)), s.usual)
			for b := range g.buckets {
				g.buckets[b].limit.free /= 5
			}
			other := guess{buckets: g.buckets}
			a, err := shared.admit(t.Context(), &g, now)
			if err != nil {
				rt.Fatal(err)
			}
			b, _ := own.admit(t.Context(), &other, now)
			if a != b || !slices.Equal(g.closed, other.closed) {
				rt.Fatalf("step %d: Redis waits %v %v, memory %v %v", i, a, g.closed, b, other.closed)
			}
			if a == 0 && s.success {
				if err := shared.settle(t.Context(), g, s.who == 0); err != nil {
					rt.Fatal(err)
				}
				_ = own.settle(t.Context(), other, s.who == 0)
			}
		}
	})
}

// Whatever is tried elsewhere, the usual place is open; and whatever is tried
// there, it opens again within half a minute.
func TestTheUsualPlaceIsNeverClosedForLong(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		own, now := newOwnGuesses(), noon
		for _, s := range steps(rt) {
			now = now.Add(s.pause)
			g := newGuess("vitima", place(fmt.Sprint(s.from)), s.from == 0)
			_, _ = own.admit(t.Context(), &g, now)
		}
		g := newGuess("vitima", "0", true)
		wait, _ := own.admit(t.Context(), &g, now)
		if wait > usualPlace.most {
			rt.Fatalf("the owner waits %v", wait)
		}
		if wait > 0 {
			if still, _ := own.admit(t.Context(), &g, now.Add(wait)); still != 0 {
				rt.Fatalf("told %v, then %v more", wait, still)
			}
		}
	})
}

// However an attacker spreads guesses over addresses and time, an account is
// compared at most so often.
func TestGuessesAtOneAccountAreBoundedByTime(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		own, now, admitted := newOwnGuesses(), noon, int64(0)
		for i := range rapid.IntRange(1, 2000).Draw(rt, "guesses") {
			now = now.Add(time.Duration(rapid.IntRange(0, 90).Draw(rt, "pause s")) * time.Second)
			g := newGuess("vitima", place(fmt.Sprint(i)), false)
			if wait, _ := own.admit(t.Context(), &g, now); wait == 0 {
				admitted++
			}
		}
		// The free ones, seven on the way up to the longest wait, then one a minute.
		if most := perAccount.free + 7 + int64(now.Sub(noon)/perAccount.most) + 1; admitted > most {
			rt.Fatalf("%d guesses in %v, at most %d", admitted, now.Sub(noon), most)
		}
	})
}

func TestOwnGuessesStayBounded(t *testing.T) {
	own := newOwnGuesses()
	for i := range 3 * maxOwnBuckets {
		g := guess{buckets: []bucket{{fmt.Sprint(i), newPlace}}}
		_, _ = own.admit(t.Context(), &g, noon)
		if len(own.buckets) > maxOwnBuckets {
			t.Fatalf("%d buckets", len(own.buckets))
		}
	}
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
