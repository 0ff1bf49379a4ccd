package account

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// limit says how guesses are slowed down: the first free ones go through, each
// further one doubles the wait before the next, from base up to most. A bucket
// that saw no guess for keep is forgotten; keep is longer than most.
type limit struct {
	free             int64
	base, most, keep time.Duration
}

// Guessing is slowed down in three places. A guess goes through when all of its
// buckets let it.
//
// An address from which this account has logged in before answers only to its
// own bucket: whatever others try against the account from elsewhere, its owner
// gets in from the usual place, after 30 s at worst. Price: whoever sits behind
// that same address may guess 2,880 times a day.
//
// From everywhere else a guess also counts against the address (many accounts
// tried from one place) and against the account (one account tried from many
// places). The account's bucket stops at a minute, so that its owner has a
// chance from a new place too. An address is given more than maxHashing: a whole
// office that logs in at eight on its first day is told to wait for its turn, not
// that it guesses.
var (
	usualPlace = limit{free: 10, base: time.Second, most: 30 * time.Second, keep: time.Hour}
	newPlace   = limit{free: 5, base: time.Second, most: 15 * time.Minute, keep: 24 * time.Hour}
	perAddress = limit{free: 300, base: time.Second, most: 5 * time.Minute, keep: time.Hour}
	perAccount = limit{free: 20, base: time.Second, most: time.Minute, keep: time.Hour}
)

// wait is how long after guess number n (from 1) the next one must stay away.
func (l limit) wait(n int64) time.Duration {
	if n <= l.free {
		return 0
	}
	return min(l.base<<min(n-l.free-1, 20), l.most)
}

// bucket is one place where guesses are counted.
type bucket struct {
	key   string
	limit limit
}

// guess is one attempt to log in: its buckets, the pair of account and address
// first, and, once admitted, until when it closed each of them (milliseconds).
type guess struct {
	buckets []bucket
	closed  []int64
	own     bool // counted in this process, not in Redis
}

// newGuess names the buckets of an attempt. E-mails are hashed: an unknown one
// is throttled exactly as a known one, may be of any length, and Redis need not
// hold it. One hash tag keeps the keys of a script on one node of a cluster.
func newGuess(email string, from place, usual bool) guess {
	sum := sha256.Sum256([]byte(email))
	who := hex.EncodeToString(sum[:16])
	pair := "{login}:pair:" + who + ":" + string(from)
	if usual {
		return guess{buckets: []bucket{{pair, usualPlace}}}
	}
	return guess{buckets: []bucket{
		{pair, newPlace},
		{"{login}:address:" + string(from), perAddress},
		{"{login}:account:" + who, perAccount},
	}}
}

// place is an address as the throttle counts it: an IPv4 address, or the /64 of
// an IPv6 one, because a single line is usually given that many.
type place string

func placeOf(ip string) place {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return "unknown"
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return place(addr.String())
	}
	prefix, _ := addr.Prefix(64) // 64 is valid for every IPv6 address
	return place(prefix.String())
}

// guesses is where the buckets are kept.
//
// admit counts the guess as failed and returns 0, or counts nothing and returns
// how long to stay away. Counting first keeps a hundred guesses at once from
// being the one guess that all of them see. settle takes the guess back when it
// did not fail; forgive also forgets the failures of this account and address.
type guesses interface {
	admit(ctx context.Context, g *guess, now time.Time) (time.Duration, error)
	settle(ctx context.Context, g guess, forgive bool) error
}

// throttle keeps guesses in Redis, and while Redis is away in this process:
// then each node counts for itself and starts from nothing.
type throttle struct {
	shared guesses
	own    *ownGuesses
	log    *slog.Logger
	alone  atomic.Bool // so that the change is logged, not every log-in
}

// redisPatience is how long a log-in waits for Redis before it counts alone.
const redisPatience = 500 * time.Millisecond

func (t *throttle) admit(ctx context.Context, g *guess, now time.Time) (time.Duration, error) {
	patient, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	wait, err := t.shared.admit(patient, g, now)
	if err != nil && ctx.Err() != nil {
		return 0, ctx.Err()
	}
	if t.alone.Swap(err != nil) != (err != nil) {
		t.log.WarnContext(ctx, "where failed log-ins are counted has changed", "in_redis", err == nil, "error", err)
	}
	if g.own = err != nil; g.own {
		return t.own.admit(ctx, g, now)
	}
	return wait, nil
}

// settle takes a guess back where it was counted. When that cannot be done the
// log-in stands and stays counted as failed: too strict for a while, never too lax.
func (t *throttle) settle(ctx context.Context, g guess, forgive bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), redisPatience)
	defer cancel()
	place := t.shared
	if g.own {
		place = t.own
	}
	if err := place.settle(ctx, g, forgive); err != nil {
		t.log.WarnContext(ctx, "a successful log-in stays counted as a failed one", "error", err)
	}
}

//go:embed admit.lua
var admitSource string

//go:embed settle.lua
var settleSource string

var (
	admitScript  = redis.NewScript(admitSource)
	settleScript = redis.NewScript(settleSource)
)

// sharedGuesses keeps the buckets in Redis, where all nodes see them.
type sharedGuesses struct{ rdb redis.Scripter }

func (s sharedGuesses) admit(ctx context.Context, g *guess, now time.Time) (time.Duration, error) {
	args := []any{now.UnixMilli()}
	for _, b := range g.buckets {
		args = append(args, b.limit.free, b.limit.base.Milliseconds(), b.limit.most.Milliseconds(), b.limit.keep.Milliseconds())
	}
	answer, err := admitScript.Run(ctx, s.rdb, g.keys(), args...).Int64Slice()
	if err != nil {
		return 0, fmt.Errorf("count a log-in in Redis: %w", err)
	}
	if len(answer) == 0 {
		return 0, errors.New("count a log-in in Redis: empty answer")
	}
	g.closed = answer[1:]
	return time.Duration(answer[0]) * time.Millisecond, nil
}

func (s sharedGuesses) settle(ctx context.Context, g guess, forgive bool) error {
	args := []any{forgive}
	for _, at := range g.closed {
		args = append(args, at)
	}
	if err := settleScript.Run(ctx, s.rdb, g.keys(), args...).Err(); err != nil {
		return fmt.Errorf("take back a log-in in Redis: %w", err)
	}
	return nil
}

func (g guess) keys() []string {
	keys := make([]string, len(g.buckets))
	for i, b := range g.buckets {
		keys[i] = b.key
	}
	return keys
}
