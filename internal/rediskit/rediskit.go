// Package rediskit opens Redis, alone, behind sentinels or as a cluster, and
// keeps a Redis that is gone from slowing everything down.
//
// Redis holds copies and alarms, never the truth, so losing it may cost
// comfort but not seconds: the timeouts are short, and Watch answers in its
// place while it is away.
package rediskit

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// A call to a Redis that is there takes well under a millisecond, so these only
// bound what one that hangs can cost: twice ioTimeout for a call.
const (
	dialTimeout = 250 * time.Millisecond
	ioTimeout   = 300 * time.Millisecond
	retries     = 1 // a connection that died in the pool is no failure yet
)

// ErrURL means that the address is none of the forms Open knows. The address
// is not in it: it may hold a password.
var ErrURL = errors.New("not a Redis address")

// Open prepares a client and does not connect: a Redis that is away when the
// server starts is as bearable as one that goes away later.
//
// The forms are redis:// and rediss:// (host and port), unix:// (socket),
// redis+sentinel://host:port/db?master_name=name&addr=host2:port and
// redis+cluster://host:port?addr=host2:port, as go-redis documents them.
func Open(url string) (redis.UniversalClient, error) {
	scheme, rest, _ := strings.Cut(url, "://")
	switch scheme {
	case "redis", "rediss", "unix":
		o, err := redis.ParseURL(url)
		if err != nil {
			return nil, ErrURL
		}
		o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = dialTimeout, ioTimeout, ioTimeout, ioTimeout
		o.MaxRetries, o.DialerRetries, o.ContextTimeoutEnabled = retries, 1, true
		o.DisableIdentity, o.MaintNotificationsConfig = true, quiet()
		return redis.NewClient(o), nil
	case "redis+sentinel", "rediss+sentinel":
		o, err := redis.ParseFailoverURL(strings.TrimSuffix(scheme, "+sentinel") + "://" + rest)
		if err != nil {
			return nil, ErrURL
		}
		if o.MasterName == "" {
			return nil, fmt.Errorf("%w: a sentinel's needs master_name", ErrURL)
		}
		o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = dialTimeout, ioTimeout, ioTimeout, ioTimeout
		o.MaxRetries, o.DialerRetries, o.ContextTimeoutEnabled = retries, 1, true
		o.DisableIdentity = true
		return redis.NewFailoverClient(o), nil
	case "redis+cluster", "rediss+cluster":
		o, err := redis.ParseClusterURL(strings.TrimSuffix(scheme, "+cluster") + "://" + rest)
		if err != nil {
			return nil, ErrURL
		}
		o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = dialTimeout, ioTimeout, ioTimeout, ioTimeout
		o.MaxRedirects, o.DialerRetries, o.ContextTimeoutEnabled = 3, 1, true
		o.DisableIdentity, o.MaintNotificationsConfig = true, quiet()
		return redis.NewClusterClient(o), nil
	}
	return nil, ErrURL
}

// go-redis prints each failed attempt on stderr by itself; Health says it once.
func init() { logging.Disable() }

// quiet switches off notices that only a vendor's hosted Redis sends: asking
// for them costs a round trip on each new connection.
func quiet() *maintnotifications.Config {
	return &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
}
