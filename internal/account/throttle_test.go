package account

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
)

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
			success: rapid.IntRange(0, 3).Draw(t, "success") == 0,
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
		var open [][2]guess // admitted and not settled, as in Redis and in memory
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
			if a == 0 {
				open = append(open, [2]guess{g, other})
			}
			if s.success && len(open) > 0 { // an earlier one, perhaps, that took longer
				if err := shared.settle(t.Context(), open[0][0], s.who == 0); err != nil {
					rt.Fatal(err)
				}
				_ = own.settle(t.Context(), open[0][1], s.who == 0)
				open = open[1:]
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
