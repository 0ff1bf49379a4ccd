package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
)

// limits bounds the public calls of one address and about one identity. The
// counts are in Redis, so that all nodes share them; without Redis each node
// counts for itself, which is more generous and still a bound.
type limits struct {
	perMinute int
	shared    *redis_rate.Limiter // nil when there is no Redis at all
	log       *slog.Logger

	mu    sync.Mutex
	away  time.Time // do not ask Redis before
	own   map[string]time.Time
	purge time.Time
}

const (
	redisPatience = 100 * time.Millisecond // what a public call waits for its count
	redisPause    = time.Second            // and how long nobody asks after a failure
	ownLimit      = 100_000                // counts kept by one node; beyond it newcomers wait
)

// rate is so many calls in a time, all of which may come at once.
type rate struct {
	n   int
	per time.Duration
}

// guesses is how often somebody may try to prove to be one customer, from
// wherever. A proof can be four digits: by the minute all ten thousand would be
// tried in a night, by the day they take a year. Whoever uses up somebody else's
// tries leaves them their link.
var guesses = rate{20, 24 * time.Hour}

func newLimits(perMinute int, rdb redis.UniversalClient, log *slog.Logger) *limits {
	l := &limits{perMinute: perMinute, log: log, own: map[string]time.Time{}}
	if rdb != nil {
		l.shared = redis_rate.NewLimiter(rdb)
	}
	return l
}

// allow counts one call of this sort and fails with too_many_requests when it
// is one too many.
func (l *limits) allow(ctx context.Context, sort, who string) error {
	return l.within(ctx, sort, who, rate{l.perMinute, time.Minute})
}

// guess counts one try to prove something about somebody.
func (l *limits) guess(ctx context.Context, about string) error {
	return l.within(ctx, "guess", about, guesses)
}

func (l *limits) within(ctx context.Context, sort, who string, r rate) error {
	if l.perMinute == 0 || who == "" {
		return nil
	}
	key := "public:{" + sort + ":" + hashed(who) + "}"
	wait, err := l.ask(ctx, key, r)
	if err != nil {
		wait = l.count(key, r, time.Now())
	}
	if wait > 0 {
		return errTooMany.After(wait)
	}
	return nil
}

// used tells which part of a rate is used up, from 0 to 1, and counts nothing.
func (l *limits) used(ctx context.Context, sort, who string, r rate) float64 {
	if l.perMinute == 0 {
		return 0
	}
	key := "public:{" + sort + ":" + hashed(who) + "}"
	if l.shared != nil && !l.resting() {
		ctx, cancel := context.WithTimeout(ctx, redisPatience)
		defer cancel()
		if now, err := l.shared.AllowN(ctx, key, redis_rate.Limit{Rate: r.n, Burst: r.n, Period: r.per}, 0); err == nil {
			return 1 - float64(now.Remaining)/float64(r.n)
		}
		l.rest()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	ahead := time.Until(l.own[key])
	return min(max(float64(ahead)/float64(r.per), 0), 1)
}

func (l *limits) ask(ctx context.Context, key string, bound rate) (time.Duration, error) {
	if l.shared == nil || l.resting() {
		return 0, redis.Nil
	}
	ctx, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	r, err := l.shared.Allow(ctx, key, redis_rate.Limit{Rate: bound.n, Burst: bound.n, Period: bound.per})
	if err != nil {
		l.rest()
		l.log.WarnContext(ctx, "rate limits are counted by this node alone", "error", err)
		return 0, err
	}
	if r.Allowed > 0 {
		return 0, nil
	}
	return max(r.RetryAfter, time.Second), nil
}

func (l *limits) resting() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Now().Before(l.away)
}

func (l *limits) rest() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away = time.Now().Add(redisPause)
}

// count is the same rule (GCRA) in memory: each key has the time at which its
// allowance is whole again, and may run at most the rate's time ahead of now.
func (l *limits) count(key string, r rate, now time.Time) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget(now)
	whole, known := l.own[key]
	if !known && len(l.own) >= ownLimit {
		return time.Minute
	}
	if whole.Before(now) {
		whole = now
	}
	next := whole.Add(r.per / time.Duration(r.n))
	if over := next.Sub(now) - r.per; over > 0 {
		return max(over, time.Second)
	}
	l.own[key] = next
	return 0
}

// forget drops those whose allowance is whole, at most once a minute.
func (l *limits) forget(now time.Time) {
	if now.Before(l.purge) {
		return
	}
	l.purge = now.Add(time.Minute)
	for key, whole := range l.own {
		if whole.Before(now) {
			delete(l.own, key)
		}
	}
}

// place is what counts as one address: an IPv4 address, or the /64 that one
// IPv6 line is given.
func place(a netip.Addr) string {
	if a.Is6() {
		if p, err := a.WithZone("").Prefix(64); err == nil {
			return p.Addr().String()
		}
	}
	return a.String()
}

// hashed keeps people's addresses and documents out of Redis.
func hashed(who string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(who))))
	return hex.EncodeToString(sum[:12])
}
