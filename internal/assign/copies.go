package assign

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/ticket"
)

var (
	//go:embed put.lua
	putSource string
	//go:embed renew.lua
	renewSource string

	putScript   = redis.NewScript(putSource)
	renewScript = redis.NewScript(renewSource)
)

const (
	// patience bounds a call to Redis: waiting longer costs more than asking PostgreSQL.
	patience = 250 * time.Millisecond
	// sulk is how long Redis is left alone after a call that failed.
	sulk = time.Second
)

// copies are the leases as Redis has them: for each ticket one string,
// "account:fence:team:walled:barred:name", with the lease's own time to live. The team
// and the wall are there so that nobody is told who holds a hidden ticket.
//
// Every method does without Redis: a failure is logged, Redis is left alone for
// a moment, and the answer is that of an empty Redis.
type copies struct {
	rdb   redis.UniversalClient
	log   *slog.Logger
	alone atomic.Int64 // until when Redis is left alone, in nanoseconds since 1970

	mu     sync.Mutex
	behind map[int64]struct{} // tickets whose copy could not be brought to what PostgreSQL has
}

// maxBehind bounds what is noted of copies that are behind. What is not noted is
// right again when the copy has run out.
const maxBehind = 10_000

type held struct {
	account  int64
	fence    int64
	audience access.Audience
	name     string
}

func (h held) String() string {
	return fmt.Sprintf("%d:%d:%d:%t:%s:%s", h.account, h.fence, h.audience.Team, h.audience.Walled, h.audience.Barred, h.name)
}

func parseHeld(text string) (held, error) {
	parts := strings.SplitN(text, ":", 6)
	if len(parts) != 6 {
		return held{}, fmt.Errorf("%q is no lease", text)
	}
	account, err1 := strconv.ParseInt(parts[0], 10, 64)
	fence, err2 := strconv.ParseInt(parts[1], 10, 64)
	team, err3 := strconv.ParseInt(parts[2], 10, 64)
	walled, err4 := strconv.ParseBool(parts[3])
	return held{account, fence, access.Audience{Team: team, Walled: walled, Barred: access.Barred(parts[4])}, parts[5]}, errors.Join(err1, err2, err3, err4)
}

// key has the ticket as its hash tag, so that a cluster spreads the tickets.
func key(id int64) string { return fmt.Sprintf("lease:{%d}", id) }

// ask calls Redis, unless it is being left alone.
func (c *copies) ask(ctx context.Context, call func(context.Context) error) error {
	if time.Now().UnixNano() < c.alone.Load() {
		return errAlone
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := call(ctx)
	if err != nil && !errors.Is(err, redis.Nil) && !errors.Is(err, context.Canceled) {
		c.alone.Store(time.Now().Add(sulk).UnixNano())
		c.log.WarnContext(ctx, "claims go on without Redis", "error", err)
	}
	return err
}

var errAlone = errors.New("redis failed a moment ago")

// turnAway refuses a rival of a lease that lives.
func (c *copies) turnAway(ctx context.Context, actor access.Actor, id int64) error {
	var text string
	err := c.ask(ctx, func(ctx context.Context) (err error) {
		text, err = c.rdb.Get(ctx, key(id)).Result()
		return err
	})
	if err != nil {
		return nil // PostgreSQL knows
	}
	h, err := parseHeld(text)
	if err != nil || h.account == actor.AccountID || !actor.MaySee(h.audience) {
		return nil
	}
	return ticket.ErrClaimed.With("holder", ticket.Person{ID: h.account, Name: h.name}).With("until", (*time.Time)(nil))
}

// put copies a lease that PostgreSQL has given, unless a newer one is there.
func (c *copies) put(ctx context.Context, actor access.Actor, t ticket.Ticket) {
	h := held{actor.AccountID, t.Fence, t.Audience(), actor.Name}
	c.keep(t.ID, c.ask(context.WithoutCancel(ctx), func(ctx context.Context) error { return c.set(ctx, t.ID, h, ticket.LeaseTime) }))
}

func (c *copies) set(ctx context.Context, id int64, h held, life time.Duration) error {
	return putScript.Run(ctx, c.rdb, []string{key(id)}, h.String(), h.fence, life.Milliseconds()).Err()
}

// keep notes whether a ticket's copy is behind, by how bringing it there ended.
func (c *copies) keep(id int64, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		delete(c.behind, id)
	} else if len(c.behind) < maxBehind {
		c.behind[id] = struct{}{}
	}
}

// renew lengthens the copy when it is of this fence. It returns what was left of
// it, 0 when there is none, when it is another's, or when Redis cannot tell.
func (c *copies) renew(ctx context.Context, actor access.Actor, id, fence int64) (left time.Duration) {
	var ms int64
	err := c.ask(ctx, func(ctx context.Context) (err error) {
		ms, err = renewScript.Run(ctx, c.rdb, []string{key(id)}, actor.AccountID, fence, ticket.LeaseTime.Milliseconds()).Int64()
		return err
	})
	if err != nil {
		return 0
	}
	return time.Duration(max(ms, 0)) * time.Millisecond
}

// drop removes the copy, whosever it is.
func (c *copies) drop(ctx context.Context, id int64) {
	c.keep(id, c.ask(context.WithoutCancel(ctx), func(ctx context.Context) error { return c.rdb.Del(ctx, key(id)).Err() }))
}
