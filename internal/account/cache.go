package account

import (
	"context"
	"sync"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
)

const (
	// maxCached bounds what is remembered; when it is full, any entry makes room.
	maxCached = 20_000
	// staleAfter is how long this node believes that nothing has changed.
	// Revocation is effective everywhere after it, plus one query.
	staleAfter = 2 * time.Second
	// rereadAfter is how long an entry lives, whatever is announced: the bound for
	// changes that nobody announced, such as an operator's DELETE.
	rereadAfter = time.Minute
)

// cache remembers what tokens grant, so that a request costs no query and
// thousands of open connections may ask every few seconds whether they still may.
//
// Every change of what was granted raises access_head.change and marks its
// account with the number, in one transaction. Before an entry is believed the
// node must have asked, at most staleAfter ago, which accounts have a higher
// number than the last it saw: one index probe for all entries together, and
// none while nobody asks anything.
type cache struct {
	// changed returns the accounts whose access changed after change number since,
	// and the number of the last change there is.
	changed func(ctx context.Context, since int64) (accounts map[int64]bool, last int64, err error)
	asking  chan struct{} // held by the one who calls it

	mu      sync.Mutex
	entries map[cacheKey]entry
	change  int64     // the last change seen
	asked   time.Time // when; monotonic
	doubts  int       // counts calls of recheck
}

// cacheKey is the hash of a token, or the id of an account.
type cacheKey struct {
	hash    [32]byte
	account int64
}

// grant is what a token stands for.
type grant struct {
	key     cacheKey
	actor   access.Actor
	session Session   // of a session's token
	token   Token     // of an API token
	use     use       // what a use of it is noted under
	used    time.Time // last use that is noted
	until   time.Time // zero when it does not expire
}

// finder reads from PostgreSQL what a key grants at now.
type finder func(ctx context.Context, key cacheKey, now time.Time) (grant, error)

type entry struct {
	grant
	read time.Time // monotonic
}

func newCache(changed func(context.Context, int64) (map[int64]bool, int64, error)) *cache {
	return &cache{changed: changed, asking: make(chan struct{}, 1), entries: map[cacheKey]entry{}}
}

// get returns the grant of key, from memory or by find.
func (c *cache) get(ctx context.Context, key cacheKey, now time.Time, find finder) (grant, error) {
	if err := c.refresh(ctx); err != nil {
		return grant{}, err
	}
	c.mu.Lock()
	e, ok := c.entries[key]
	before := c.change
	c.mu.Unlock()
	if ok && time.Since(e.read) < rereadAfter && (e.until.IsZero() || now.Before(e.until)) {
		return e.grant, nil
	}
	read := time.Now()
	g, err := find(ctx, key, now)
	if err != nil {
		c.mu.Lock()
		delete(c.entries, key)
		c.mu.Unlock()
		return grant{}, err
	}
	g.key = key
	c.mu.Lock()
	defer c.mu.Unlock()
	// What was read before a change that is known by now may be from before it.
	if c.change == before {
		c.makeRoom(key)
		c.entries[key] = entry{g, read}
	}
	return g, nil
}

// refresh asks which accounts changed, unless that was just done, and forgets
// what is remembered of them. One asks, the others wait for the answer.
func (c *cache) refresh(ctx context.Context) error {
	if c.fresh() {
		return nil
	}
	select {
	case c.asking <- struct{}{}:
		defer func() { <-c.asking }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if c.fresh() {
		return nil
	}
	c.mu.Lock()
	since, doubts := c.change, c.doubts
	c.mu.Unlock()
	asked := time.Now()
	accounts, last, err := c.changed(ctx, since)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(accounts) > 0 {
		for key, e := range c.entries {
			if accounts[e.actor.AccountID] {
				delete(c.entries, key)
			}
		}
	}
	c.change = last
	if c.doubts == doubts { // else the answer may be from before what raised the doubt
		c.asked = asked
	}
	return nil
}

func (c *cache) fresh() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.asked.IsZero() && time.Since(c.asked) < staleAfter
}

// recheck makes the next question on this node ask PostgreSQL first.
func (c *cache) recheck() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = time.Time{}
	c.doubts++
}

// use reports whether a use of g at now should be noted: once a minute, however
// many ask.
func (c *cache) use(g grant, now time.Time) bool {
	if now.Sub(g.used) < useEach {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[g.key]
	if !ok {
		return true // not remembered; noting it twice does no harm
	}
	if now.Sub(e.used) < useEach {
		return false
	}
	e.used = now
	c.entries[g.key] = e
	return true
}

// makeRoom drops entries until key fits. Which ones does not matter: they are
// read again when asked for.
func (c *cache) makeRoom(key cacheKey) {
	if _, known := c.entries[key]; known || len(c.entries) < maxCached {
		return
	}
	for victim := range c.entries {
		delete(c.entries, victim)
		if len(c.entries) < maxCached {
			return
		}
	}
}
