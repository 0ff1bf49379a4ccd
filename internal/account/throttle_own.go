package account

import (
	"context"
	"sync"
	"time"
)

// maxOwnBuckets bounds the memory of ownGuesses, some 10 MB when full.
const maxOwnBuckets = 50_000

// ownGuesses keeps the buckets of one process, for when Redis is away.
type ownGuesses struct {
	mu      sync.Mutex
	buckets map[string]*counted
}

// counted is a bucket's state; times in milliseconds.
type counted struct {
	n      int64
	closed int64 // until then
	gone   int64 // when it is forgotten
}

func newOwnGuesses() *ownGuesses { return &ownGuesses{buckets: map[string]*counted{}} }

func (o *ownGuesses) admit(_ context.Context, g *guess, now time.Time) (time.Duration, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	ms := now.UnixMilli()
	wait := int64(0)
	for _, b := range g.buckets {
		if c := o.buckets[b.key]; c != nil && c.gone > ms {
			wait = max(wait, c.closed-ms)
		}
	}
	if wait > 0 {
		return time.Duration(wait) * time.Millisecond, nil
	}
	g.closed = make([]int64, len(g.buckets))
	for i, b := range g.buckets {
		c := o.bucket(b.key, ms)
		c.n++
		c.closed = 0
		if w := b.limit.wait(c.n); w > 0 {
			c.closed = ms + w.Milliseconds()
		}
		c.gone = ms + b.limit.keep.Milliseconds()
		g.closed[i] = c.closed
	}
	return 0, nil
}

func (o *ownGuesses) settle(_ context.Context, g guess, forgive bool) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i, b := range g.buckets {
		c := o.buckets[b.key]
		switch {
		case c == nil:
		case i == 0 && forgive, c.n <= 1:
			delete(o.buckets, b.key)
		default:
			c.n--
			if i < len(g.closed) && c.closed == g.closed[i] {
				c.closed = 0
			}
		}
	}
	return nil
}

// bucket finds or makes a bucket. When there are too many, the forgotten ones
// go first; if that does not help, any will do: whoever can fill the table
// from so many places is not held by one bucket more.
func (o *ownGuesses) bucket(key string, now int64) *counted {
	c := o.buckets[key]
	if c != nil && c.gone > now {
		return c
	}
	if c == nil && len(o.buckets) >= maxOwnBuckets {
		o.makeRoom(now)
	}
	c = &counted{}
	o.buckets[key] = c
	return c
}

func (o *ownGuesses) makeRoom(now int64) {
	for key, c := range o.buckets {
		if c.gone <= now {
			delete(o.buckets, key)
		}
	}
	for key := range o.buckets {
		if len(o.buckets) < maxOwnBuckets*9/10 { // not one at a time: the sweep above is long
			return
		}
		delete(o.buckets, key)
	}
}
